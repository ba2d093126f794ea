"""Dependency values in every notation seen in real plans."""

import pytest
from plan_help import claudio, codes, needs


def phases_with(value: str, own: str = "Task 4.3: Last") -> dict[str, str]:
    """Four phases of three tasks each; the last task of phase 4 says `value`."""
    files = {
        f"phase{p}/tasks.md": "".join(f"## Task {p}.{n}: Part {p} {n}\n\n" for n in (1, 2, 3))
        for p in (1, 2, 3)
    }
    files["phase4/tasks.md"] = (
        f"## Task 4.1: First\n## Task 4.2: Second\n## {own}\n**Dependencies**: {value}\n"
    )
    return files


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Task 1.3", {"1.3"}),
        ("`Task 1.3`  ", {"1.3"}),
        ("Task 1.3 (the parser, see Task 1.1)", {"1.3"}),
        ("Required: Task 2.1 (the core) completion", {"2.1"}),
        ("Tasks 1.2, 2.3", {"1.2", "2.3"}),
        ("Task 1.1, 1.2", {"1.1", "1.2"}),
        ("1.1, 1.2", {"1.1", "1.2"}),
        ("Task 1.2, Task 1.3", {"1.2", "1.3"}),
        ("Tasks 1.1, 1.2, and 1.3 completed", {"1.1", "1.2", "1.3"}),
        ("Tasks 1.1-1.3", {"1.1", "1.2", "1.3"}),
        ("Tasks 1.1–1.3", {"1.1", "1.2", "1.3"}),
        ("Task 1.1 through 1.3", {"1.1", "1.2", "1.3"}),
        ("Tasks 1-2", {"4.1", "4.2"}),
        ("Task 1 (setup); Task 2 for full integration", {"4.1", "4.2"}),
        ("Phase 2 Task 3", {"2.3"}),
        ("phase2.task3", {"2.3"}),
        ("Phase 2 Tasks 1-2", {"2.1", "2.2"}),
        ("Phase 1 Tasks 1, 2", {"1.1", "1.2"}),
        ("Phase 3 Task 2, Task 1", {"3.2", "4.1"}),
        ("Phase 1 Task 3, Phase 2 Tasks", {"1.3", "phase:2"}),
        ("[Task 1.3](../phase2/task1/claude.md)", {"1.3"}),
        ("#1.1, #1.2", {"1.1", "1.2"}),
        ("Task 1.1 or Task 1.2", {"1.1"}),
        ("Task 1.1, and either Task 1.2 or 1.3", {"1.1", "1.2"}),
        ("Phase 2 Task 1 or Phase 3", {"2.1"}),
        ("Phase 2 and/or Phase 3", {"phase:2"}),
        ("Phase 2 completion", {"phase:2"}),
        ("Phase 1", {"phase:1"}),
        ("Completed Phase 1 (the base)", {"phase:1"}),
        ("Phase 2-3 Tasks", {"phase:2", "phase:3"}),
        ("Phases 1, 2, and 3 complete", {"phase:1", "phase:2", "phase:3"}),
        ("Phase 2, Phase 3 completion", {"phase:2", "phase:3"}),
        ("Phase 1 & 2", {"phase:1", "phase:2"}),
        ("All Phase 2 tasks must be complete", {"phase:2"}),
        ("All previous phases complete", {"phase:1", "phase:2", "phase:3"}),
        ("Previous phase completion", {"phase:3"}),
        ("All previous tasks", {"4.1", "4.2"}),
        ("All previous Phase 4 tasks", {"4.1", "4.2"}),
        ("All Phase 4 tasks completed", {"4.1", "4.2"}),
        ("Previous task", {"4.2"}),
        ("None", set()),
        ("None (foundation task)", set()),
        ("None (can run parallel with Task 1.1)", set()),
        ("N/A", set()),
        ("Can run in parallel with Task 1.2", set()),
        ("Task 1.1, can run in parallel with Task 1.2", {"1.1"}),
        ("clap 4.2, tokio 1.1, serde", set()),
        ("Week 2 kickoff and 3 reviews", set()),
        ("Node.js 1.1", set()),
    ],
)
def test_a_dependency_value_names_these_tasks_and_phases(value: str, expected: set[str]) -> None:
    assert needs(claudio(phases_with(value))).get("4.3", set()) == expected


def test_numbers_without_a_phase_belong_to_the_phase_of_the_folder() -> None:
    draft = claudio(
        {
            "phase1/tasks.md": "## Task 1: Base\n",
            "phase2/tasks.md": "### 📁 Task 1: Walls\n### 📁 Task 2: Roof\n**Dependencies**: Task 1\n",
        }
    )
    assert [task.key for task in draft.tasks] == ["1.1", "2.1", "2.2"]
    assert needs(draft) == {"2.2": {"2.1"}}


def test_a_vague_set_is_implied_and_reported_with_file_and_line() -> None:
    draft = claudio(phases_with("All core functionality complete"))
    last = draft.tasks[-1]
    assert last.depends_on == ()
    assert last.implied == ("4.1", "4.2")
    [found] = [d for d in draft.diagnostics if d.code == "VAGUE_DEPENDENCY"]
    assert (found.file, found.line, found.text) == (
        ".claudio/phase4/tasks.md",
        4,
        "All core functionality complete",
    )


def test_an_unknown_task_is_reported_with_the_closest_ones_and_makes_no_edge() -> None:
    draft = claudio(phases_with("Task 1.33, Task 1.2"))
    assert needs(draft) == {"4.3": {"1.2"}}
    [found] = [d for d in draft.diagnostics if d.code == "UNKNOWN_REFERENCE"]
    assert found.line == 4 and "1.3" in found.candidates and len(found.candidates) <= 3


def test_of_alternatives_the_first_counts_and_the_others_are_named() -> None:
    draft = claudio(phases_with("Task 1.1, Task 1.2 or Phase 2 Task 3 (whichever is first)"))
    [found] = draft.diagnostics
    assert (found.code, found.severity, found.line) == ("ALTERNATIVE", "info", 4)
    assert "not for task 2.3" in found.message
    assert "whichever is first" in draft.tasks[-1].brief


def test_a_phase_says_that_it_waits_for_nothing_even_where_it_names_a_parallel_one() -> None:
    files = {f"phase{n}/tasks.md": f"## Task {n}.1: Part {n}\n" for n in (1, 2, 3)}
    for said, implied in (
        ("None, runs in parallel with Phase 2", ()),
        ("Can run in parallel with Phase 2", ("1",)),
    ):
        files["phase3/tasks.md"] = f"**Dependencies**: {said}\n\n## Task 3.1: Part 3\n"
        assert claudio(files).phases[2].implied == implied


def test_prose_without_a_reference_is_kept_as_a_note() -> None:
    draft = claudio(phases_with("The design team's approval"))
    assert needs(draft) == {}
    assert "NO_REFERENCE" in codes(draft)
    assert "design team" in draft.tasks[-1].brief


def test_bullets_under_a_dependencies_heading_are_read_and_external_ones_are_not() -> None:
    draft = claudio(
        {
            "phase1/tasks.md": """
            ## Task 1.1: One
            ## Task 1.2: Two
            ### Dependencies
            - **Prerequisite Tasks**: Task 1.1 (One)
            - **External Dependencies**: the API of Task 1.3
            ## Task 1.3: Three
            ### Dependencies
            - Task 1.1
            - [ ] Task 1.2 must be finished
            - **Resource Dependencies**: Task 1.4
            ## Task 1.4: Four
            **Technical Requirements**:
            - **Dependencies**: Task 1.1, clap
            ### Technical Requirements
            - **Dependencies**: Task 1.2
            """
        }
    )
    assert needs(draft) == {"1.2": {"1.1"}, "1.3": {"1.1", "1.2"}}


def test_arrow_chains_in_fences_and_critical_paths_order_tasks() -> None:
    draft = claudio(
        {
            "phase1/tasks.md": """
            ## Task 1: A
            ## Task 2: B
            ## Task 3: C
            ## Task 4: D
            ## Order
            ```
            Task 1 → Task 2 → Task 3
            ```
            1. Tasks 1.1-1.3 (the base) → Task 1.4 (the end)
            """
        }
    )
    assert needs(draft) == {"1.2": {"1.1"}, "1.3": {"1.2"}, "1.4": {"1.1", "1.2", "1.3"}}


def test_blocks_and_enables_are_dependencies_the_other_way_round() -> None:
    draft = claudio(
        {
            "phase1/tasks.md": "## Task 1.1: Base\n## Task 1.2: Walls\n## Task 1.3: Roof\n",
            "phase1/task1/status.md": """
            # Task Status: Base
            **Task ID**: 1.1
            **Status**: Not Started
            ## Dependencies
            - **Waiting On**: nothing
            - **Blocking**: Tasks 2, 3
            """,
            "phase1/task2_walls/claude.md": """
            # Task 1.2: Walls Agent
            ## Task Overview
            - **Enables**: Task 1.3 (Roof)
            """,
        }
    )
    assert needs(draft) == {"1.2": {"1.1"}, "1.3": {"1.1", "1.2"}}


def test_a_weaker_page_that_contradicts_the_plan_gives_way() -> None:
    draft = claudio(
        {
            "phase1/tasks.md": """
            ## Task 1.1: Base
            **Dependencies**: None
            ## Task 1.2: Walls
            **Dependencies**: Task 1.1
            """,
            "phase1/task2/status.md": "# Task 1.2: Walls\n**Blocks**: Task 1.1\n",
        }
    )
    assert needs(draft) == {"1.2": {"1.1"}}
    assert "CONTRADICTION" in codes(draft)
