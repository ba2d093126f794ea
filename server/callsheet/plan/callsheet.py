"""callsheet's own plan format, `callsheet.plan/v1`, in JSON or YAML.

It is what an assistant writes when there is no plan file. Because it is written for callsheet,
nothing is guessed: what does not fit is refused, every place at once, with BAD_PLAN.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from callsheet.model.errors import CallsheetError
from callsheet.plan.collector import paused
from callsheet.plan.draft import MAX_PLAN_BYTES, PhaseDraft, PlanDraft
from callsheet.plan.formats import Found, ParseOptions
from callsheet.plan.limits import MAX_NAMED
from callsheet.plan.sources import SourceFiles, digest
from callsheet.plan.strict_text import ItemLines, UnfitText
from callsheet.plan.validation import refuse, validated

FORMAT = "callsheet"
MAX_NESTING = 32
"""Lists and mappings inside one another; a plan needs four."""

_FOLDERS = ("", ".callsheet/plans/", "plans/")
_NAME = re.compile(r"(callsheet|[\w.-]+)\.plan\.(?:json|ya?ml)\Z")
_MARKER = re.compile(r"""["']?schema["']?\s*:\s*["']?callsheet\.plan/""")


def wants(path: str) -> bool:
    """`callsheet.plan.json|yaml|yml` and `*.plan.json|…` at the root or in a plans folder."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/".lstrip("/") in _FOLDERS and _NAME.match(name) is not None


def find(paths: Iterable[str]) -> list[Found]:
    """The plan files. Given a mapping of paths to texts, those without our marker are left out."""
    texts = paths if isinstance(paths, Mapping) else {}
    found = []
    for path in sorted(path for path in paths if wants(path)):
        ours = path.rsplit("/", 1)[-1].startswith("callsheet.")
        if path in texts and not _MARKER.search(texts[path]) and not ours:
            continue
        found.append(Found(FORMAT, path, "a callsheet plan file"))
    return found


@paused()
def parse(files: SourceFiles, plan_path: str, options: ParseOptions) -> PlanDraft:
    """Read the plan file. BAD_PLAN names up to 20 problems with their places and how many there are."""
    from callsheet.plan.spec import assign_keys

    if plan_path not in files:
        raise CallsheetError("BAD_PLAN", f"There is no file {plan_path}.", "Check the path.")
    data, lines = _read(files[plan_path], plan_path)
    spec = validated(data, lines, plan_path)
    keys = assign_keys(spec.tasks)
    task_lines, phase_lines = (lines.get(name, []) for name in ("tasks", "phases"))
    _refuse_duplicates(plan_path, "task", keys, task_lines)
    _refuse_duplicates(plan_path, "phase", [phase.key for phase in spec.phases], phase_lines)
    phases: list[PhaseDraft] = []
    for phase, line in zip(spec.phases, phase_lines, strict=True):
        previous = phases[-1].key if phases and options.phases_in_order else None
        phases.append(phase.draft(previous, plan_path, line))
    return PlanDraft(
        name=options.name or spec.name or _name(plan_path),
        format=FORMAT,
        source=plan_path,
        title=spec.title,
        phases=tuple(phases),
        tasks=tuple(
            task.draft(key, plan_path, line)
            for task, key, line in zip(spec.tasks, keys, task_lines, strict=True)
        ),
        pools=dict(spec.pools),
        digest=digest(files, [plan_path]),
    )


def _name(path: str) -> str:
    found = _NAME.match(path.rsplit("/", 1)[-1])
    return "main" if found is None or found[1] == "callsheet" else found[1]


def _refuse_duplicates(path: str, kind: str, keys: Sequence[str], lines: Sequence[int]) -> None:
    places: dict[str, list[int]] = {}
    for key, line in zip(keys, lines, strict=True):
        places.setdefault(key.casefold(), []).append(line)
    twice = [
        f"{key} (lines {', '.join(map(str, at[:5]))})" for key, at in places.items() if len(at) > 1
    ]
    if twice:
        shown = ", ".join(twice[:MAX_NAMED])
        refuse(path, f"these {kind} keys are used more than once ({len(twice)} in all): {shown}.")


def _read(text: str, path: str) -> tuple[Any, ItemLines]:
    """The file's data, and on which lines its phases and tasks begin."""
    if len(text) > MAX_PLAN_BYTES:
        raise CallsheetError(
            "TOO_LARGE",
            f"{path} has more than {MAX_PLAN_BYTES} characters.",
            "Split it into several plans.",
        )
    is_json = path.endswith(".json") or text.lstrip()[:1] == "{"
    try:
        return _read_json(text, path) if is_json else _read_yaml(text, path)
    except UnfitText as error:
        refuse(path, f"{error}.")


def _read_json(text: str, path: str) -> tuple[Any, ItemLines]:
    from json import JSONDecodeError

    from callsheet.plan.strict_json import load

    try:
        return load(text)
    except RecursionError:
        refuse(path, f"it is nested deeper than {MAX_NESTING} levels.")
    except JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        refuse(path, f"it is not valid JSON at {place}: {error.msg}.")


def _read_yaml(text: str, path: str) -> tuple[Any, ItemLines]:
    from yaml import YAMLError

    from callsheet.plan.strict_yaml import load

    try:
        return load(text, MAX_NESTING)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = getattr(error, "problem", None) or "it can't be read"
        refuse(path, f"it is not valid YAML{where}: {what}.")
