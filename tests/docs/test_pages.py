"""The documentation says what the code does: names, defaults, states, links and commands."""

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from callsheet.cli.main import COMMANDS, callsheet
from callsheet.model import outcome, outlook
from callsheet.model.errors import CODES
from callsheet.model.states import STATES, TRANSITIONS
from callsheet.plan.spec import PlanSpec, TaskSpec
from callsheet.settings import DEFAULT_ROUTES, Settings
from callsheet.transport.server import PROFILES, tools

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", *(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md")))]
ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def table(text: str) -> Iterator[list[str]]:
    """Cells of all rows of all tables; a bar within code does not count."""
    for row in ROW.findall(text):
        yield [cell.strip() for cell in re.split(r" \| ", row)]


def names(cell: str) -> list[str]:
    return CODE.findall(cell)


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_leads_to_a_file(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page(name)):
        if "://" not in target:
            assert (ROOT / name).parent.joinpath(target).exists(), f"{name}: {target}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, ahead = {"README.md"}, ["README.md"]
    while ahead:
        name = ahead.pop()
        for target in re.findall(r"\]\(([^)#:]+\.md)\)", page(name)):
            found = (ROOT / name).parent.joinpath(target).resolve().relative_to(ROOT).as_posix()
            ahead += [found] if found not in seen else []
            seen.add(found)
    assert seen >= set(PAGES)


def test_the_readme_has_the_two_commands_and_the_promise() -> None:
    readme = page("README.md")
    assert "pip install . && callsheet demo" in readme
    assert "pip install -e '.[test]' && pytest" in readme
    assert "At-least-once execution, at-most-one accepted completion." in readme


@pytest.mark.parametrize("name", PAGES)
def test_every_command_that_a_page_shows_exists(name: str) -> None:
    blocks = re.findall(r"^```\n(.*?)^```", page(name), re.MULTILINE | re.DOTALL)
    shown = [*blocks, *names(page(name))]
    used = re.findall(
        r"(?:^|&& )callsheet ([a-z]+)((?: --[a-z-]+)*)", "\n".join(shown), re.MULTILINE
    )
    for word, options in used:
        assert word in COMMANDS, f"{name}: callsheet {word}"
        known = {opt for param in command(word).params for opt in param.opts}
        assert set(options.split()) <= known, f"{name}: callsheet {word}{options}"


def command(word: str) -> Any:
    found = callsheet.get_command(None, word)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_every_command_has_its_row() -> None:
    rows = [names(cells[0])[0] for cells in table(page("docs/cli.md")) if names(cells[0])]
    assert rows == [f"callsheet {word}" for word in COMMANDS]


def test_every_error_code_has_its_row_and_every_row_its_code() -> None:
    rows = {names(cells[0])[0]: cells for cells in table(page("docs/errors.md")) if names(cells[0])}
    assert tuple(rows) == CODES
    assert all(len(cells) == 3 and all(cells) for cells in rows.values())


def test_every_code_that_is_raised_is_a_known_one_and_every_other_is_called_reserved() -> None:
    raised = {
        node.value
        for path in (ROOT / "server").rglob("*.py")
        if path.name != "errors.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in CODES
    }
    reserved = {
        names(c[0])[0] for c in table(page("docs/errors.md")) if c[1].startswith("Reserved")
    }
    assert set(CODES) - raised == reserved


def described_tools() -> dict[str, str]:
    parts = re.split(r"^### `(\w+)`$", page("docs/tools.md"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def line(text: str, name: str) -> str:
    return next((t for t in text.splitlines() if t.startswith(f"- {name}: ")), "")


def test_every_tool_is_described_with_its_arguments_and_profiles() -> None:
    described = described_tools()
    assert set(described) == {tool.name for tool in tools("all")}
    for tool in tools("all"):
        text = described[tool.name]
        assert names(line(text, "Arguments")) == list(tool.parameters["properties"]), tool.name
        needed = re.findall(r"\*\*`(\w+)`\*\*", line(text, "Arguments"))
        assert needed == tool.parameters.get("required", []), tool.name
        offered = [p for p in PROFILES if tool.name in {t.name for t in tools(p)}]
        assert line(text, "Profiles") == f"- Profiles: {', '.join(offered)}"


ANSWERS = {
    "claim_task": (outcome.Claimed, outcome.Nothing),
    "report_progress": (outcome.Reported,),
    "complete_task": (outcome.Completed,),
    "fail_task": (outcome.Failed,),
    "release_task": (outcome.Released,),
    "list_ready_tasks": (outlook.ReadyList,),
    "get_progress": (outlook.PlanProgress,),
    "add_tasks": (outcome.Added,),
    "load_plan": (outcome.Loaded,),
    "start_run": (outlook.RunInfo, outlook.DryRun),
    "control_run": (outlook.RunInfo,),
    "resolve_task": (outcome.Resolved,),
}


@pytest.mark.parametrize("tool", ANSWERS)
def test_the_answers_that_are_described_have_these_fields(tool: str) -> None:
    known = {field.name for kind in ANSWERS[tool] for field in dataclasses.fields(kind)}
    described = names(line(described_tools()[tool], "Answers"))
    assert described
    assert set(described) <= known


def settings(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, str]]:
    for name, info in model.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from settings(info.annotation, f"{above}{name}.")
        else:
            yield above + name, shown(info.get_default(call_default_factory=True))


def shown(default: Any) -> str:
    if default == dict(DEFAULT_ROUTES):
        return "Claudio's agents"
    if default is None:
        return "none"
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_every_setting_stands_there_with_its_default() -> None:
    text = page("docs/settings.md")
    rows = [(names(cells[0])[0], cells[1]) for cells in table(text) if names(cells[0])]
    routes = list(DEFAULT_ROUTES.items())
    assert rows == [*settings(Settings), *routes]


def test_the_transitions_are_those_of_the_table_in_the_code() -> None:
    text = page("docs/states.md")
    rows = [tuple(cells) for cells in table(text) if len(cells) == 3][1:]
    assert set(rows) - {("---", "---", "---")} == {tuple(t) for t in TRANSITIONS}
    assert [names(c[0])[0] for c in table(text) if len(c) == 2 and names(c[0])] == list(STATES)


def test_the_diagram_shows_every_way_that_no_person_decides() -> None:
    drawn = {
        (source, cause, target)
        for source, target, causes in re.findall(
            r"^    (\w+) --> (\w+): (.+)$", page("docs/states.md"), re.MULTILINE
        )
        for cause in causes.split(" / ")
    }
    assert drawn == {tuple(t) for t in TRANSITIONS if not t.cause.startswith("operator")}


def test_the_example_plan_is_a_plan_that_uses_what_is_described() -> None:
    text = page("docs/plan-format.md")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    plan = PlanSpec.model_validate(yaml.safe_load(example))
    assert len(plan.tasks) == 4
    described = {names(cells[0])[0] for cells in table(text) if names(cells[0])}
    assert described == set(TaskSpec.model_fields)


def test_every_test_that_is_named_as_a_proof_exists() -> None:
    proofs = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page("docs/promises.md"))
    assert len(proofs) > 20
    for path, test in proofs:
        tree = ast.parse(page(path))
        defined = {
            n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert not test or test in defined, f"{path}::{test}"
