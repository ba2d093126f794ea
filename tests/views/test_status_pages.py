"""The status pages: what they say, that they are stable, and that they stay within bounds."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from callsheet.model.pages import (
    ArtifactLine,
    AttemptLine,
    Effort,
    MilestoneLine,
    NextLine,
    NoteLine,
    PhaseLine,
    PhaseStatus,
    PhaseTaskLine,
    ProjectStatus,
    RunLine,
    RunningLine,
    StuckLine,
    Tally,
    TaskStatus,
    TroubleLine,
)
from callsheet.views.status import MAX_PAGE_BYTES, phase_page, project_page, task_page

AT = 1_795_341_660_000  # 2026-11-22T10:01Z
HOUR = 3_600_000
PARSER = MarkdownIt("commonmark").enable("table")


def project(text: str = "Build it", copies: int = 1) -> ProjectStatus:
    return ProjectStatus(
        plan="main",
        title=text,
        at_ms=AT,
        tally=Tally(waiting=9, ready=2, running=3, blocked=1, failed=1, done=23, skipped=1),
        run=RunLine("active", 3, 3, effective_limit=2, scope=text, started_ms=AT - HOUR, note=text),
        effort=Effort(480, 441, 720, 3, AT + HOUR),
        phases=(PhaseLine("1", text, Tally(done=8), AT), PhaseLine("2", text, Tally(ready=4)))
        * copies,
        running=(RunningLine("2.3", text, text, AT, 40, text, attempt=2),) * copies,
        troubled=(TroubleLine("2.4", text, "failed", text, AT, 3, 3),) * copies,
        stuck=(StuckLine("2.9", text, ("2.4", "2.5"), 7),) * copies,
        next_up=(NextLine("2.5", text, text, "2", "high", 45),) * copies,
        milestones=(MilestoneLine("M1", text, None, ("2.3",), 4),) * copies,
    )


def phase(text: str = "Build it", copies: int = 1) -> PhaseStatus:
    return PhaseStatus(
        key="2",
        title=text,
        at_ms=AT,
        tally=Tally(done=1, running=1),
        milestone=MilestoneLine("M1", text, AT),
        effort=Effort(60, 45, 30),
        tasks=(PhaseTaskLine("2.1", text, "running", text, 40, 33, 30),) * copies,
    )


def task(text: str = "Build it", copies: int = 1) -> TaskStatus:
    return TaskStatus(
        key="2.3",
        title=text,
        state="blocked",
        at_ms=AT,
        phase="2",
        type=text,
        agent=text,
        percent=40,
        started_ms=AT - HOUR,
        minutes=60,
        estimate_minutes=45,
        max_attempts=3,
        reason=text,
        waits_for=("1.1",),
        attempts=(AttemptLine(1, text, AT - HOUR, AT, text, text),) * copies,
        notes=(NoteLine(AT, text, 40),) * copies,
        summary=text,
        artifacts=(ArtifactLine(text, "src/a.py", text),) * copies,
        handoff=text,
    )


PAGES: list[Callable[[str, int], str]] = [
    lambda text, copies: project_page(project(text, copies)),
    lambda text, copies: phase_page(phase(text, copies)),
    lambda text, copies: task_page(task(text, copies)),
]


def tree(page: str) -> list[object]:
    shape: list[object] = []
    for token in PARSER.parse(page):
        children = [child.type for child in token.children or [] if child.type != "text"]
        shape.append((token.type, token.tag, token.level, children))
    return shape


def test_the_project_page_tells_everything_at_a_glance() -> None:
    page = project_page(project())
    for said in (
        "**Build it** · run active · 3 of 3 at once (2 for now, rate limited)",
        "`████████████░░░░░░░░` **60 %** · 24 of 40 tasks",
        "23 done · 3 running · 2 ready · 9 waiting · 1 blocked · 1 failed · 1 skipped",
        "as of 2026-11-22T10:01Z",
        "Finished work took 7 h 21 min, estimated 8 h (0.92 ×)",
        "still to do 12 h and 3 without estimate",
        "expected to finish 2026-11-22T11:01Z",
        "| `1` Build it | `██████████` |  8/8 |",
        "`2.3` Build it · **Build it** · 40 % · since 2026-11-22T10:01Z · attempt 2 · “Build it”",
        "`2.4` Build it · **failed** · attempt 3 of 3 · since 2026-11-22T10:01Z · Build it",
        "`2.9` Build it · behind `2.4`, `2.5` and 5 more",
        "`2.5` Build it · Build it · phase `2` · high · estimate 45 min",
        "`M1` Build it · waits for `2.3` and 3 more",
    ):
        assert said in page


def test_a_plan_without_a_run_or_tasks_has_a_page_too() -> None:
    page = project_page(ProjectStatus("main", "", AT, Tally()))
    assert "**main** · not started" in page
    assert "**0 %** · 0 of 0 tasks" in page
    assert "##" not in page


def test_the_phase_page_lists_its_tasks_and_its_milestone() -> None:
    page = phase_page(phase())
    assert "Milestone `M1` Build it · met 2026-11-22T10:01Z" in page
    assert "| `2.1` | Build it | running 40 % | Build it | 33 min |   30 min |" in page


def test_the_task_page_tells_what_was_done_and_left() -> None:
    page = task_page(task())
    for said in (
        "- State: **blocked** · 40 % · Build it",
        "- Waits for: `1.1`",
        "- Time: 1 h, estimated 45 min",
        "## Summary\n\nBuild it",
        "- Build it `src/a.py` · Build it",
        "## Handoff\n\nBuild it",
        "| Build it: Build it |",
        "- 2026-11-22T10:01Z · 40 % · Build it",
    ):
        assert said in page


@pytest.mark.parametrize("page", PAGES)
@settings(deadline=None, max_examples=60)
@given(text=st.text(min_size=1, max_size=60))
def test_no_text_changes_the_tree_of_a_page(page: Callable[[str, int], str], text: str) -> None:
    assert tree(page(text, 2)) == tree(page("x", 2))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("text", ["word " * 50_000, "𝕏|" * 100_000, "<&_" * 100_000])
def test_pages_stay_small_whatever_the_plan(page: Callable[[str, int], str], text: str) -> None:
    assert len(page(text, 500).encode()) <= MAX_PAGE_BYTES


def test_an_ordinary_page_of_a_huge_plan_shows_whole_lists() -> None:
    page = project_page(project("A title of the usual length for a task", 5_000))
    assert page.count("· behind") == 20
    assert "… and 4980 more" in page
    assert "… and 9950 more" in page


def test_lists_that_the_caller_cut_name_their_true_length() -> None:
    cut = dataclasses.replace(project(), next_total=31, running_total=1)
    assert project_page(cut).count("… and") == 1
    assert "… and 30 more" in project_page(cut)


def test_a_long_phase_shows_two_hundred_tasks() -> None:
    page = phase_page(phase("x", 201))
    assert page.count("| `2.1` |") == 200
    assert "… and 1 more" in page


def test_a_task_page_shows_its_latest_notes_and_attempts() -> None:
    notes = tuple(NoteLine(AT, f"note {number}.") for number in range(30))
    page = task_page(dataclasses.replace(task(), notes=notes))
    assert "note 29." in page
    assert "note 9." not in page
    assert "… and 10 more" in page


@pytest.mark.parametrize("page", PAGES)
def test_the_same_values_give_the_same_page_without_loose_ends(
    page: Callable[[str, int], str],
) -> None:
    text = page("x", 3)
    assert text == page("x", 3)
    assert text.endswith("\n")
    assert not [line for line in text.split("\n") if line != line.rstrip()]


def test_a_bar_is_full_only_when_everything_is_done() -> None:
    nearly = dataclasses.replace(project(), tally=Tally(done=999, ready=1))
    assert "`███████████████████░` **99 %** · 999 of 1000" in project_page(nearly)
    assert "`████████████████████` **100 %** · 5 of 5" in project_page(
        dataclasses.replace(project(), tally=Tally(done=4, skipped=1, cancelled=3))
    )


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(0.0, "0 min"), (0.2, "< 1 min"), (59.6, "1 h"), (61.0, "1 h 1 min"), (3000.0, "50 h")],
)
def test_durations_read_naturally(minutes: float, shown: str) -> None:
    changed: dict[str, Any] = {"minutes": minutes}
    assert f"- Time: {shown}," in task_page(dataclasses.replace(task(), **changed))


def test_times_beyond_the_calendar_do_not_break_a_page() -> None:
    page = task_page(dataclasses.replace(task(), at_ms=10**18, started_ms=-5))
    assert "- As of: 9999-12-31T23:59Z" in page
    assert "- Started: 1970-01-01T00:00Z" in page
