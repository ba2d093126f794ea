"""The parts of the demonstration: its project, its script, its counting, its picture."""

from collections import Counter
from pathlib import Path

import click
import pytest
from cli_help import refused

from callsheet.cli.demo import stage_lines
from callsheet.demo import stage
from callsheet.demo.script import LANTERN_BOOKS, Pace, agent_names, pace
from callsheet.demo.tally import Event, Kind, PhaseTally, Tally
from callsheet.files.reading import collect
from callsheet.model.errors import CallsheetError
from callsheet.plan import check
from callsheet.plan.draft import PlanDraft
from callsheet.plan.formats import ParseOptions, plan_format
from callsheet.plan.sources import decode
from callsheet.settings import load_settings


def draft_of(root: Path) -> PlanDraft:
    claudio = plan_format("claudio")
    files = {
        path: decode(data, path)[0] for path, data in collect(root, claudio.wants).files.items()
    }
    return check.resolve(claudio.parse(files, ".claudio", ParseOptions()))


def test_the_bundled_project_shows_every_kind_of_task_in_three_phases() -> None:
    draft = draft_of(stage.BUNDLED)
    kinds = {"development", "testing", "documentation", "quality", "infrastructure", "review"}
    assert len(draft.phases) == 3
    assert 15 <= len(draft.tasks) <= 20
    assert {task.type for task in draft.tasks} == kinds
    assert draft.diagnostics == ()
    assert all(task.estimate_minutes and task.priority and task.acceptance for task in draft.tasks)
    assert all(".claudio/shared/standards/claude.md" in task.files for task in draft.tasks)


def test_the_bundled_project_has_dependencies_across_phases() -> None:
    across = [
        (task.key, other)
        for task in draft_of(stage.BUNDLED).tasks
        for other in task.depends_on
        if not other.startswith((f"{task.phase}.", "phase:"))
    ]
    assert len(across) >= 5


def test_the_task_that_fails_once_is_one_of_the_bundled_project() -> None:
    keys = {task.key for task in draft_of(stage.BUNDLED).tasks}
    (failing,) = LANTERN_BOOKS.fails_once
    assert failing in keys
    assert LANTERN_BOOKS.failure(failing, 1)
    assert LANTERN_BOOKS.failure(failing, 2) is None


def test_the_bundled_project_is_copied_with_settings_for_quick_retries(tmp_path: Path) -> None:
    made = stage.bundled(tmp_path, 4)
    assert (tmp_path / ".claudio" / "phase2" / "task5" / "claude.md").is_file()
    assert load_settings(tmp_path, {}).retry_base_seconds < 1
    assert made.status_page == tmp_path / ".claudio" / "status.md"


def users_project(folder: Path) -> Path:
    phase = folder / ".claudio" / "phase1"
    phase.mkdir(parents=True)
    (phase / "tasks.md").write_text("# Phase 1\n\n## Task 1.1: First\n")
    (folder / "secret.txt").write_text("not part of the plan")
    (folder / "callsheet.toml").write_text("parallel = 1\n")
    return folder


@pytest.mark.parametrize("named", [".", ".claudio", ".claudio/phase1"])
def test_only_the_plan_of_the_users_project_is_copied(tmp_path: Path, named: str) -> None:
    project = users_project(tmp_path / "mine")
    before = sorted(project.rglob("*"))
    found = stage.find(project / named, home=None)
    made = stage.copied(tmp_path / "copy", found, 2)
    assert (made.source, made.format) == (".claudio", "claudio")
    assert (tmp_path / "copy" / ".claudio" / "phase1" / "tasks.md").is_file()
    assert not (tmp_path / "copy" / "secret.txt").exists()
    assert sorted(project.rglob("*")) == before


def test_a_folder_without_a_plan_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".claudio").mkdir()
    with pytest.raises(CallsheetError) as caught:
        stage.find(tmp_path, home=None)
    assert caught.value.what == f"There is nothing to drain: no plan was found in {tmp_path}."
    assert refused("demo", "--plan", str(tmp_path))["code"] == "UNKNOWN_PLAN"


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refused("demo", "--plan", str(tmp_path / "missing"))["code"] == "BAD_ARGUMENT"


def test_all_tasks_together_take_the_same_time_however_many_there_are() -> None:
    few, many = pace(4, 400, 6.0), pace(1000, 100_000, 6.0)
    assert sum(few.seconds(100) for _ in range(4)) == pytest.approx(6.0)
    assert sum(many.seconds(100) for _ in range(1000)) == pytest.approx(6.0)
    assert pace(3, None, 6.0).seconds(None) == pytest.approx(2.0)
    assert Pace(0.0, 0.5).seconds(None) == 0.5


def test_every_agent_has_a_name_of_its_own() -> None:
    names = agent_names(7)
    assert names[:2] == ["ada", "ben"]
    assert len(set(names)) == 7


def played(*events: tuple[Kind, str, str, int]) -> Tally:
    tally = Tally(title="Plan", total=2, phases={"1": PhaseTally("One", 2)})
    for kind, agent, task, attempt in events:
        title = f"Task {task}"
        tally.add(Event(kind, agent, 0.0, task, title, phase="1", attempt=attempt))
    return tally


def test_the_tally_counts_attempts_retries_and_how_many_worked_at_once() -> None:
    tally = played(
        ("claimed", "ada", "1.1", 1),
        ("claimed", "ben", "1.2", 1),
        ("failed", "ben", "1.2", 1),
        ("done", "ada", "1.1", 1),
        ("claimed", "ada", "1.2", 2),
        ("done", "ada", "1.2", 2),
    )
    assert (len(tally.claims), tally.most_at_once, tally.retried) == (3, 2, ["1.2"])
    assert tally.phases["1"].counted == "2/2"
    assert tally.handed_out_twice == 0


def test_a_task_that_two_agents_get_is_counted_as_handed_out_twice() -> None:
    both = played(("claimed", "ada", "1.1", 1), ("claimed", "ben", "1.1", 1))
    assert both.handed_out_twice == 1
    twice = played(("done", "ada", "1.1", 1), ("done", "ben", "1.1", 2))
    assert twice.handed_out_twice == 1


def test_the_picture_shows_phases_and_what_each_agent_does() -> None:
    tally = played(("claimed", "ada", "1.1", 1), ("done", "ben", "1.2", 1))
    picture = click.unstyle("\n".join(stage_lines(tally)))
    assert "One  ██████████░░░░░░░░░░  1/2" in picture
    assert "ada  1.1  Task 1.1" in picture
    assert "ben  1.2  done, looks for more" in picture


def test_two_resources_of_the_bundled_project_are_wanted_by_several_tasks() -> None:
    wanted = Counter(r for task in draft_of(stage.BUNDLED).tasks for r in task.resources)
    assert {name for name, tasks in wanted.items() if tasks > 1} == {
        "name:staging-env",
        "src/checkout/**",
    }
