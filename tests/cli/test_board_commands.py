"""The commands that work on a project's board, from loading a plan to the end of a run."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cli_help import call, refused, run

from callsheet.demo import stage

HOSTILE = """# Phase 1

## Task 1.1: Wipe \x1b[2J the [red]screen[/red]

**Priority**: High
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bundled project, loaded, and the current folder."""
    stage.bundled(tmp_path, 4)
    monkeypatch.chdir(tmp_path)
    call("load")
    return tmp_path


def test_loading_tells_counts_and_loading_again_changes_nothing(project: Path) -> None:
    page = run("load").output
    assert "Loaded plan main (claudio, .claudio)" in page
    assert "18 tasks, 3 phases" in page
    assert "0 new, 0 changed, 18 unchanged" in page


def test_a_command_leaves_a_true_status_page_behind(project: Path) -> None:
    page = project / ".claudio" / "status.md"
    assert "0 of 18 tasks" in page.read_text()
    call("resolve", "1.6", "skip")
    assert "1 of 18 tasks" in page.read_text()
    assert "Notes of the team stay here" in page.read_text()


def test_loading_shows_what_was_assumed_with_file_and_line(project: Path) -> None:
    tasks = project / ".claudio" / "phase1" / "tasks.md"
    tasks.write_text(tasks.read_text().replace("Task 1.1\n", "Task 9.9\n", 1))
    page = run("load").output
    line = tasks.read_text().splitlines().index("**Dependencies**: Task 9.9") + 1
    assert f".claudio/phase1/tasks.md:{line}: " in page


def test_loading_with_json_lists_every_diagnostic(project: Path) -> None:
    tasks = "".join(f"## Task 4.{n}: T\n\n**Dependencies**: Task 9.{n}\n\n" for n in range(1, 151))
    (project / ".claudio" / "phase4").mkdir()
    (project / ".claudio" / "phase4" / "tasks.md").write_text(f"# Phase 4\n\n{tasks}")
    page = run("load").output
    answer = call("load")
    assert answer["diagnostics_total"] == len(answer["diagnostics"]) >= 150
    assert f"… and {answer['diagnostics_total'] - 30} more; --json lists them" in page


def test_a_dry_run_with_json_prints_the_plan_as_understood_and_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.bundled(tmp_path / "made", 4)
    monkeypatch.chdir(tmp_path)
    shape = call("load", str(tmp_path / "made" / ".claudio"), "--dry-run")
    assert (shape["root"], shape["plan"], shape["format"]) == ("made", ".claudio", "claudio")
    tasks = {task["key"]: task for task in shape["tasks"]}
    assert tasks["2.5"]["depends_on"] == ["2.1", "2.2", "1.2"]
    assert tasks["3.1"]["depends_on_phases"] == ["2"]
    assert tasks["1.1"]["estimate_hours"] == 4
    assert not (tmp_path / "made" / ".callsheet").exists()


def test_a_path_outside_the_named_project_is_refused(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "inner"
    other.mkdir()
    error = refused("load", str(project / ".claudio"), "--project", str(other))
    assert error["code"] == "BAD_ARGUMENT"
    assert "is not inside the project" in error["message"]


def test_tags_are_refused_because_no_format_has_them(project: Path) -> None:
    assert refused("load", ".claudio", "--tag", "x")["code"] == "BAD_ARGUMENT"


def test_a_dry_run_of_a_run_shows_the_waves_and_starts_nothing(project: Path) -> None:
    page = run("run", "--dry-run").output
    assert "wave 1  4  1.1, 1.2, 1.5, 1.6" in page
    assert "run" not in call("status")


def test_a_dry_run_says_that_it_loaded_the_plan_which_was_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.bundled(tmp_path, 4)
    monkeypatch.chdir(tmp_path)
    first, again = run("run", "--dry-run").output, run("run", "--dry-run").output
    assert first.startswith("Loaded 18 tasks from .claudio.\n")
    assert "Loaded" not in again
    assert "with --dry-run too" in run("run", "--help").output


def test_a_run_goes_through_its_states(project: Path) -> None:
    started = call("run", "--parallel", "2")
    assert (started["state"], started["parallel"], started["total"]) == ("active", 2, 18)
    assert [call(action)["state"] for action in ("pause", "resume", "drain", "cancel")] == [
        "paused",
        "active",
        "paused",  # drained at once: nothing was running
        "cancelled",
    ]
    assert refused("pause")["code"] == "NO_RUN"


def test_a_run_may_be_limited_to_phases_and_tasks(project: Path) -> None:
    answer = call("run", "--phase", "phase1", "--task", "2.3")
    assert answer["total"] == 7


def test_a_run_that_starts_tells_people_what_to_do_next(project: Path) -> None:
    page = run("run").output
    assert "Run 1 of plan main is active: 18 of 18 tasks left, at most 3 at once." in page
    assert "/callsheet:work" in page


def test_ready_tasks_are_listed_in_order_with_the_rest_behind_a_cursor(project: Path) -> None:
    first = call("ready", "--limit", "3")
    rest = call("ready", "--cursor", first["next_cursor"])
    keys = [task["key"] for task in (*first["tasks"], *rest["tasks"])]
    assert sorted(keys) == ["1.1", "1.2", "1.5", "1.6"]
    assert "3 of 4 ready tasks; --cursor" in run("ready", "--limit", "3").output
    assert [task["key"] for task in call("ready", "--type", "review")["tasks"]] == ["1.5"]


def test_the_status_page_shows_phases_counts_and_what_is_next(project: Path) -> None:
    call("run")
    page = run("status").output
    assert "run 1 active, 0 of 3 at work" in page
    assert "0 %  0 of 18 tasks  14 waiting  4 ready" in page
    assert "2  Selling and Redeeming  ░░░░░░░░░░░░░░░░░░░░  0/7" in page
    assert "Next  1.1" in page


def test_watching_ends_when_there_is_no_run_or_it_has_ended(project: Path) -> None:
    assert "no run" in run("status", "--watch").output
    call("run")
    call("cancel")
    lines = run("status", "--watch", "--json").output.splitlines()
    assert [json.loads(line)["run"]["state"] for line in lines] == ["cancelled"]


def test_a_task_is_shown_with_what_it_waits_for(project: Path) -> None:
    page = run("task", "phase2.task5").output
    assert "2.5  Integration tests against the payment sandbox  waiting" in page
    assert "1.2      Staging environment with the payment sandbox  ready" in page
    assert "  ### Description" in page
    assert refused("task", "9.9")["code"] == "UNKNOWN_TASK"


def test_a_person_may_resolve_what_agents_may_not(project: Path) -> None:
    answer = call("resolve", "1.1", "skip", "--reason", "it is there already")
    assert (answer["was"], answer["state"], answer["newly_ready"]) == ("ready", "skipped", ["1.3"])
    assert "1.1 was skipped and is ready now." in run("resolve", "1.1", "reopen").output
    assert run("resolve", "1.1", "explode").exit_code == 2


def test_a_backup_is_a_copy_beside_the_database(project: Path) -> None:
    answer = call("backup")
    assert Path(answer["path"]).parent == project / ".callsheet" / "backups"
    assert Path(answer["path"]).stat().st_size == answer["bytes"]
    named = call("backup", str(project / "copy.db"))
    assert named["path"] == str(project / "copy.db")
    assert refused("backup", str(project / "copy.db"))["code"] == "CONFLICT"


def test_text_of_a_plan_is_printed_harmlessly_by_every_command(project: Path) -> None:
    (project / ".claudio" / "phase1" / "tasks.md").write_text(HOSTILE)
    call("load")
    call("run")
    for words in (("status",), ("ready",), ("task", "1.1"), ("run", "--dry-run")):
        page = run(*words).output
        assert "\x1b" not in page
    assert "[red]screen[/red]" in run("ready").output


def test_without_a_plan_the_commands_say_what_to_do(tmp_path: Path) -> None:
    for words in (("status",), ("run",), ("ready",)):
        error = refused(*words, "--project", str(tmp_path))
        assert error["code"] == "UNKNOWN_PLAN", words


@pytest.mark.parametrize("words", [("status",), ("ready",), ("task", "1.1")])
def test_looking_into_an_empty_folder_makes_nothing_there(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused(*words)["code"] == "UNKNOWN_PLAN"
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_judges_the_tables_by_the_promises(project: Path) -> None:
    def promises() -> list[str]:
        findings = call("doctor")["findings"]
        return [f["what"] for f in findings if f["subject"] == "promises"]

    assert promises() == ["The event log and the tables keep every promise."]
    with closing(sqlite3.connect(project / ".callsheet" / "state.db")) as connection:
        connection.execute("UPDATE tally SET n = n + 1 WHERE state = 'ready'")
        connection.commit()
    assert any("A promise was not kept" in what for what in promises())
