"""What the status files say after things have happened, and which files there are."""

from upkeep.upkeep_kit import Project, counts

from callsheet.engine.board import Board
from callsheet.engine.pages.changes import task_path
from callsheet.model.outcome import Claimed
from callsheet.plan.draft import TaskDraft


async def running(project: Project) -> Board:
    """A Claudio plan with an active run."""
    project.write_claudio()
    board = await project.board()
    await board.load_plan()
    await board.start_run()
    return board


async def claim(board: Board, task: str, agent: str = "ann") -> str:
    claimed = await board.claim_task(agent=agent, task=task)
    assert isinstance(claimed, Claimed)
    return claimed.claim


async def published(project: Project, board: Board) -> None:
    await project.publisher(board).now()


async def test_a_plan_that_is_loaded_has_its_pages(project: Project) -> None:
    project.write_claudio()
    board = await project.board()
    await board.load_plan()
    await published(project, board)
    assert project.pages() == {"status.md", "phase1/phase_status.md", "phase2/phase_status.md"}
    assert counts(project.text()) == {"ready": 2, "waiting": 2}
    assert "not started" in project.text()


async def test_a_project_without_claudio_has_one_page(project: Project) -> None:
    board = await project.board()
    await board.add_tasks([TaskDraft("a", "First", phase="1"), TaskDraft("b", "Second")])
    await published(project, board)
    assert [file.name for file in (project.root / ".claudio").iterdir()] == ["status.md"]
    assert counts(project.text()) == {"ready": 2}


async def test_nothing_is_written_before_there_is_a_plan(project: Project) -> None:
    await published(project, await project.board())
    assert not (project.root / ".claudio").exists()


async def test_a_task_has_a_page_from_its_start_beside_its_own_notes(project: Project) -> None:
    board = await running(project)
    await board.complete_task(await claim(board, "1.1"), "made the tables", handoff="use v2")
    await claim(board, "1.2")
    await published(project, board)
    assert {page for page in project.pages() if page.count("/") == 2} == {
        "phase1/task1/status.md",
        "phase1/parser-work/status.md",
    }
    first = project.text(".claudio/phase1/task1/status.md")
    assert "**done**" in first and "made the tables" in first and "use v2" in first
    assert "**running**" in project.text(".claudio/phase1/parser-work/status.md")


async def test_a_running_task_is_shown_with_its_agent_percent_and_note(project: Project) -> None:
    board = await running(project)
    handle = await claim(board, "1.1", agent="bob")
    await board.report_progress(handle, percent=40, note="tables done")
    await published(project, board)
    line = next(line for line in project.text().splitlines() if line.startswith("- `1.1`"))
    assert "**bob**" in line and "40 %" in line and "tables done" in line and "since" in line
    assert "running 40 %" in project.text(".claudio/phase1/phase_status.md")
    assert "tables done" in project.text(".claudio/phase1/task1/status.md")


async def test_a_failure_is_shown_with_its_reason_and_all_that_is_stuck_behind_it(
    project: Project,
) -> None:
    board = await running(project)
    await board.fail_task(await claim(board, "1.1"), "no database here", kind="permanent")
    await published(project, board)
    page = project.text()
    assert "- `1.1` Schema · **failed** · attempt 1 of 3" in page and "no database here" in page
    stuck = page.partition("## Stuck")[2].partition("##")[0]
    assert "`1.2` Parser · behind `1.1`" in stuck
    assert "`2.1` Release · behind `1.1`" in stuck
    assert "`1.3`" not in stuck


async def test_a_blocked_task_without_any_attempt_says_so(project: Project) -> None:
    project.write(".claudio/phase1/tasks.md", "# P\n\n## Task 1.1: A\n**Status**: Blocked\n")
    board = await project.board()
    await board.load_plan()
    await published(project, board)
    assert "- `1.1` A · **blocked** · marked blocked in the plan" in project.text()


async def test_a_delayed_task_is_shown_with_the_time_of_its_next_attempt(project: Project) -> None:
    board = await running(project)
    await board.fail_task(await claim(board, "1.1"), "flaky", retry_after_seconds=7_200)
    await published(project, board)
    line = next(line for line in project.text().splitlines() if "**delayed**" in line)
    assert "again 2026-" in line and "flaky" in line


async def test_estimates_stand_against_what_it_took(project: Project) -> None:
    board = await running(project)
    handle = await claim(board, "1.1")
    project.clock.advance(1_800)
    await board.complete_task(handle, "done")
    await published(project, board)
    text = "Finished work took 30 min, estimated 1 h (0.50 ×)"
    assert text in project.text()
    assert text in project.text(".claudio/phase1/phase_status.md")
    assert "Time: 30 min, estimated 1 h" in project.text(".claudio/phase1/task1/status.md")
    assert "still to do 2 h 30 min and 1 without estimate" in project.text()


async def test_a_milestone_names_what_it_waits_for_and_then_when_it_was_met(
    project: Project,
) -> None:
    board = await running(project)
    await board.complete_task(await claim(board, "1.1"), "x")
    await published(project, board)
    assert "- `phase:1` Base · waits for `1.2`, `1.3`" in project.text()
    for key in ("1.2", "1.3"):
        await board.complete_task(await claim(board, key), "x")
    await published(project, board)
    assert "- `phase:1` Base · met 2026-" in project.text()


async def test_the_next_phase_has_a_true_page_although_none_of_its_tasks_had_an_event(
    project: Project,
) -> None:
    board = await running(project)
    publisher = project.publisher(board)
    await publisher.now()
    assert counts(project.text(".claudio/phase2/phase_status.md")) == {"waiting": 1}
    for key in ("1.1", "1.2", "1.3"):
        await board.complete_task(await claim(board, key), "x")
        await publisher.now()
    assert counts(project.text(".claudio/phase2/phase_status.md")) == {"ready": 1}
    await board.resolve_task("1.3", "reopen")
    await publisher.now()
    assert counts(project.text(".claudio/phase2/phase_status.md")) == {"waiting": 1}


async def test_a_run_of_some_phases_says_so_and_offers_only_theirs(project: Project) -> None:
    project.write_claudio()
    board = await project.board()
    await board.load_plan()
    await board.start_run(tasks=["1.3"])
    await published(project, board)
    upcoming = project.text().partition("## Next up")[2].partition("##")[0]
    assert "only tasks 1.3" in project.text()
    assert "`1.3`" in upcoming and "`1.1`" not in upcoming


async def test_loading_again_rewrites_no_page_of_a_task_that_nothing_happened_to(
    project: Project,
) -> None:
    board = await running(project)
    await board.complete_task(await claim(board, "1.1"), "x")
    await published(project, board)
    page = project.root / ".claudio/phase1/task1/status.md"
    before = page.stat()
    tasks = project.text(".claudio/phase1/tasks.md")
    project.write(".claudio/phase1/tasks.md", f"{tasks}\n## Task 1.4: More\n")
    loaded = await board.load_plan()
    assert (loaded.changes.added, loaded.changes.changed, loaded.changes.vanished) == (1, 0, ())
    await published(project, board)
    assert (page.stat().st_ino, page.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert "1.4" in project.text(".claudio/phase1/phase_status.md")


async def test_what_was_written_is_no_change_of_the_plan(project: Project) -> None:
    board = await running(project)
    await board.fail_task(await claim(board, "1.1"), "no", kind="permanent")
    await claim(board, "1.3")
    await published(project, board)
    before = await board.load_plan(dry_run=True)
    assert before.changes.unchanged == 4
    assert before.diagnostics == ()


async def test_several_plans_have_a_block_each_and_share_one_writing(project: Project) -> None:
    project.write_claudio()
    board = await project.board()
    await board.load_plan()
    plan = 'schema: callsheet.plan/v1\nname: second\ntasks: [{key: z, title: "Z<b>"}]\n'
    project.write("callsheet.plan.yaml", plan)
    await board.load_plan(path="callsheet.plan.yaml")
    await published(project, board)
    assert await project.revision(board, plan="main") == await project.revision(
        board, plan="second"
    )
    inode = (project.root / ".claudio/status.md").stat().st_ino
    await board.start_run(plan="second")
    await published(project, board)
    assert (project.root / ".claudio/status.md").stat().st_ino != inode
    page = project.text()
    first, _, rest = page.partition("plan=second")
    assert "not started" in first and "run active" in rest
    assert page.count("callsheet:begin") == page.count("callsheet:end") == 2


def test_a_page_of_a_subtask_stands_in_its_own_folder() -> None:
    phase = ".claudio/phase1/phase_status.md"
    own = ".claudio/phase1/task2/subtasks/subtask1"
    shared = [".claudio/phase1/claude.md", ".claudio/shared/standards/claude.md"]
    assert task_path(phase, "1", "1.2.1", [f"{own}/claude.md", *shared]) == f"{own}/status.md"
    assert task_path(phase, "1", "1.3", shared) == ".claudio/phase1/task3/status.md"
