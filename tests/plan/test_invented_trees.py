"""Whole trees in the style of Claudio's prompts, with what a careful reader takes from them.

Each tree mixes notations; the gold is written by hand, one line a task:
key, title, state, hours, priority, criteria, dependencies.
"""

from plan_help import claudio, codes, tasks

from callsheet.plan.claudio import parse
from callsheet.plan.draft import PlanDraft
from callsheet.plan.formats import ParseOptions
from callsheet.plan.sources import decode


def lines(draft: PlanDraft) -> list[str]:
    """The tasks as lines of gold."""
    return [
        " | ".join(
            [
                task.key,
                task.title,
                task.state,
                "-" if task.estimate_minutes is None else f"{task.estimate_minutes / 60:g}",
                task.priority or "-",
                str(len(task.acceptance)),
                " ".join(sorted(task.depends_on)) or "-",
            ]
        )
        for task in draft.tasks
    ]


def gold(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.strip().splitlines()]


WEATHER = {
    "phase1/tasks.md": """
    # Phase 1: Station Hardware 🛰️ Tasks

    ## 📋 Task Breakdown

    ### 🔧 Task 1: Sensor Board Bring-up (HIGH)
    **Status**: ✅ COMPLETED | **Estimate**: 1.5 days
    **Acceptance Criteria**:
    - ✅ Reads temperature
    - ✅ Reads pressure

    ### 📡 Task 2: Radio Link (Day 3 - 6 hours)
    **Priority**: MEDIUM
    **Current Status**: In Progress 🔄
    **Dependencies**: Task 1
    **Acceptance Criteria**:
    - [ ] 100 m range

    ### 🔋 Task 3: Power Budget
    - **Priority**: Low
    - **Estimated Effort**: Requires team estimation
    - **Status**: Waiting for Task 2
    - **Dependencies**: Tasks 1-2

    ### ❌ Task 4: Wind Vane – CANCELLED
    **Status**: Won't do
    **Effort**: 2h
    """,
    "phase2/tasks.md": """
    # Phase 2: Cloud
    ### ☁️ Task 1: Ingest Service
    **Status**: Awaiting Prerequisites
    **Priority**: Critical
    **Effort**: 1-2 weeks
    **Dependencies**: Phase 1 Task 2 completion

    ### 📊 Task 2: Dashboard
    **Status**: Blocked - licence missing
    **Duration**: 3 days
    **Dependencies**: Task 1, Phase 1 Tasks 1, 3

    ### 🧪 Task 3: Soak Test
    **Status**: Future Planning
    **Effort**: 2-3 days
    **Dependencies**: All previous tasks
    """,
}


def test_a_tree_of_emoji_headings_and_local_numbers() -> None:
    draft = claudio(WEATHER)
    assert lines(draft) == gold("""
    1.1 | Sensor Board Bring-up | done | 12 | high | 2 | -
    1.2 | Radio Link | in_progress | 6 | medium | 1 | 1.1
    1.3 | Power Budget | todo | - | low | 0 | 1.1 1.2
    1.4 | Wind Vane | skipped | 2 | - | 0 | -
    2.1 | Ingest Service | todo | 60 | critical | 0 | 1.2
    2.2 | Dashboard | blocked | 24 | - | 0 | 1.1 1.3 2.1
    2.3 | Soak Test | todo | 20 | - | 0 | 2.1 2.2
    """)
    assert [phase.title for phase in draft.phases] == ["Station Hardware 🛰️", "Cloud"]
    assert codes(draft) == []


LIBRARY = {
    "plan.md": """
    # Lending Library Implementation Plan
    ## Phase 1: Catalogue (Weeks 1-3)
    **Duration**: 3 weeks
    #### Task 1.1: Book Model
    - **Effort**: 9 days
    - **Description**: Tables for books and copies.
    - **Acceptance Criteria**:
      - [ ] Migrations run
      - [ ] ISBN is unique
    #### Task 1.2: Search Index
    - **Description**: Full text.
    #### Task 1.3: Something Else Entirely
    - **Dependencies**: Task 1.1
    ### Phase Completion Criteria
    - [ ] Librarians are trained
    ## Phase 3: Launch
    **Dependencies**: Phases 1-2
    #### Task 3.1: Press Release
    - **Effort**: 0.5 days
    - **Dependencies**: Phase 1-2 Tasks
    """,
    "phase1/tasks.md": """
    # Phase 1: Catalogue - Task List
    ## Task Summary
    | Task # | Task Name | Priority | Effort | Type | Depends On | Status |
    |--------|-----------|----------|--------|------|------------|--------|
    | 1.1 | **Book Model** | High | 3 days | Development | None | Completed |
    | 1.2 | Search Index | Medium | 1-2 weeks | Development | 1.1 | In Progress |
    | Task 1.3 | Barcode Reader | P0 | TBD | Infrastructure | 1.1, 1.2 | Not Started |
    | 1.10 | Handbook | low | 4h | Documentation | Tasks 1.1-1.3 | - |
    | **Total** | | | 4 weeks | | | |

    ## Resource Allocation
    | Week | Tasks | Hours |
    |---|---|---|
    | 1 | 1.1, 1.2 | 40 |
    """,
    "phase2/tasks.md": """
    | Task ID | Title | Dependencies | Status |
    |---|---|---|---|
    | 1 | Reader Accounts | Phase 1 completion | Not Started |
    | 2 | Fines | Task 1; Phase 1 Task 2 | ⏳ |
    """,
}


def test_a_tree_of_tables_that_a_plan_file_fills() -> None:
    draft = claudio(LIBRARY)
    assert lines(draft) == gold("""
    1.1 | Book Model | done | 24 | high | 2 | -
    1.2 | Search Index | in_progress | 60 | medium | 0 | 1.1
    1.3 | Barcode Reader | todo | - | critical | 0 | 1.1 1.2
    1.10 | Handbook | todo | 4 | low | 0 | 1.1 1.2 1.3
    2.1 | Reader Accounts | todo | - | - | 0 | phase:1
    2.2 | Fines | todo | - | - | 0 | 1.2 2.1
    3.1 | Press Release | todo | 4 | - | 0 | phase:1 phase:2
    """)
    found = tasks(draft)
    assert "Tables for books" in found["1.1"].brief and "Full text." in found["1.2"].brief
    assert found["1.10"].type == "documentation"
    assert [(p.key, p.depends_on) for p in draft.phases] == [
        ("1", ()),
        ("2", ()),
        ("3", ("1", "2")),
    ]


GAME = {
    "phase1/tasks.md": """
    # Phase 1 Tasks: Engine

    ## Task 1.1: Game Loop
    **ID**: 1.1
    **Priority**: High
    **Effort**: 4 days
    **Type**: Development

    ### Description
    Fixed time step.

    ### Acceptance Criteria
    - [ ] 60 frames a second
    - [ ] No drift in an hour

    ### Dependencies
    - **Prerequisite Tasks**: None (foundation task)
    - **External Dependencies**: SDL 2.30

    ## Task 1.2: Input
    **Effort**: 16 hours
    ### Technical Requirements
    - **Dependencies**: sdl2, log 0.4
    ### Dependencies
    - **Prerequisite Tasks**: Can run in parallel with Task 1.1
    - **Resource Dependencies**: Task 1.3's artist

    ## Task 1.3: Sprites
    ### Dependencies
    - **Prerequisites**: Task 1.1 (Game Loop), Task 1.2 (Input)
    - **Blocks**: Task 2.2
    """,
    "phase1/phase_status.md": """
    # Phase 1 Status: Engine
    - **Current Status**: In Progress
    ### Completed ✓
    - [x] Task 1.1: Game Loop
    ### In Progress 🔄
    - **Task 1.2: Input** - half of it
    ### Not Started ⏸
    - [ ] Task 1.3: Dependent on Task 1.2
    ## Key Milestones
    - [ ] Engine demo
    """,
    "phase2/tasks.md": """
    # Phase 2 Tasks: Levels
    ## Phase Dependencies
    - **Prerequisites**: Phase 1 completion
    - **Enables**: Phase 4
    ## Task 2.1: Level Format
    ## Task 2.2: Editor
    **Dependencies**: Task 2.1 or Task 1.3
    """,
    "phase2/task1_level_format/claude.md": """
    # Task 2.1: Level Format Agent
    ## Task Overview
    - **Description**: A file format.
    - **Priority**: Medium
    - **Estimated Effort**: 2-4 hours
    - **Enables**: Task 2.2 (Editor), Phase 3
    ## Acceptance Criteria
    - [ ] Round trip
    ## Completion Checklist
    - [ ] Code reviewed
    """,
    "phase3/tasks.md": """
    # Phase 3: Sound
    **Dependencies**: None, runs in parallel with Phase 2
    ## Task 3.1: Mixer
    **Dependencies**: All core functionality complete
    ## Task 3.2: Music
    **Dependencies**: All Phase 3 tasks completed
    """,
    "phase4/tasks.md": """
    # Phase 4: Release
    ## Task 4.1: Packaging
    **Dependencies**: Phase 2-3 Tasks
    ## Task 4.2: Announcement
    **Dependencies**: Phase 3 Task 2, Task 1
    """,
}


def test_a_tree_of_dependency_blocks_reverse_fields_and_phase_pages() -> None:
    draft = claudio(GAME)
    assert lines(draft) == gold("""
    1.1 | Game Loop | done | 32 | high | 2 | -
    1.2 | Input | in_progress | 16 | - | 0 | -
    1.3 | Sprites | todo | - | - | 0 | 1.1 1.2
    2.1 | Level Format | todo | 3 | medium | 1 | -
    2.2 | Editor | todo | - | - | 0 | 1.3 2.1
    3.1 | Mixer | todo | - | - | 0 | 2.1
    3.2 | Music | todo | - | - | 0 | 2.1 3.1
    4.1 | Packaging | todo | - | - | 0 | phase:2 phase:3
    4.2 | Announcement | todo | - | - | 0 | 3.2 4.1
    """)
    assert [(p.key, p.depends_on, p.implied) for p in draft.phases] == [
        ("1", (), ()),
        ("2", ("1",), ()),
        ("3", (), ()),
        ("4", ("2",), ()),
    ]
    assert codes(draft) == ["ALTERNATIVE", "VAGUE_DEPENDENCY"]


CLINIC = {
    "plan.md": "# Moved\nThe plan is in [implementation-plan.md](implementation-plan.md) now.\n",
    "implementation-plan.md": """
    # Clinic: Implementation Plan
    ### Phase 1: Records
    **Week 1: Basics**
    - database
    ### Phase 2: Appointments
    ## Critical Path
    1. Tasks 1.1-1.2 (records) → Task 2.1 (slots) → Tasks 2.2-2.3
    """,
    "status.md": """
    # Project Status Dashboard
    | Phase | Status | Progress |
    |---|---|---|
    | Phase 1: Records | ✅ Complete | 100% |
    | Phase 2: Appointments | Not Started | 0% |
    """,
    "phases/phase1/tasks.md": """
    # Phase 1: Records
    ## Task 1.1: Schema
    **Duration**: 1 week 2 days
    ## Task 1.2: Import
    **Duration**: 45 minutes
    **Priority**: CRITICAL PATH - Must complete before phase 2
    """,
    "phases/phase2/tasks.md": """
    # Phase 2: Appointments
    ## Dependencies
    - **Phase 1**: Must complete all of it

    ## Task 2.1: Slots
    **Time Estimate**: 1h 30m
    ```
    ## Task 2.9: In an example
    ```
    ## Task 2.2: Reminders
    **Files to Modify**:
    - `src/remind.py` (send)
    ## Task 2.3: Holidays
    **Depends on**: Task 2.33
    """,
    "phases/phase2/task3/status.md": """
    # Task Status: Holidays
    **Task ID**: 2.3
    **Status**: Blocked
    ## Dependencies
    - **Waiting On**: Task 2.2
    - **Blocking**: nothing
    """,
}


def test_a_tree_below_phases_with_a_plan_that_moved() -> None:
    draft = claudio(CLINIC)
    assert lines(draft) == gold("""
    1.1 | Schema | done | 56 | - | 0 | -
    1.2 | Import | done | 0.75 | critical | 0 | -
    2.1 | Slots | todo | 1.5 | - | 0 | 1.1 1.2
    2.2 | Reminders | todo | - | - | 0 | 2.1
    2.3 | Holidays | blocked | - | - | 0 | 2.1
    """)
    assert [(p.key, p.depends_on) for p in draft.phases] == [("1", ()), ("2", ("1",))]
    assert tasks(draft)["2.2"].resources == ("src/remind.py",)
    assert sorted(codes(draft)) == ["TASK_IN_FENCE", "UNKNOWN_REFERENCE"]
    assert "Must complete before phase 2" in tasks(draft)["1.2"].brief


DAMAGED = {
    ".claudio/phase1/tasks.md": (
        b"\xef\xbb\xbf# Phase 1: Bakery\r\n"
        b"### \xf0\x9f\x8d\x9e Task 1: Oven\r\n"
        b"**Priority**: High | **Status**: Not Started | **Effort**: 2 days  \r\n"
        b"**Status**: In Progress\r\n"
        b"### \xef\xbf Task 2: Dough\r\n"
        b"- **Dependencies**: Task 1 \xff\xfe\r\n"
        b"- **Status**: Complet\xe9\r\n"
        b"### Task 2: Yeast\r\n"
        b"**Dependencies**: Task 2\r\n"
        b"```\r\n"
        b"### Task 3: After a fence that never ends\x00\r\n"
        b"**Dependencies**: Task 1.2, Task 9\r\n"
    ),
    ".claudio/phase1/task1/status.md": b"# Task 1: Oven\n**Status**: \xef\xbf Done\n### In Progress =\n",
    ".claudio/phase1/phase_status.md": b"### Completed \xef\n- Task 2: \xff Dough\n",
}


def test_a_damaged_tree_loses_no_task() -> None:
    files, problems = {}, []
    for path, data in DAMAGED.items():
        files[path], found = decode(data, path)
        problems += found
    assert {p.code for p in problems} == {"INVALID_UTF8", "CONTROL_CHARACTERS"}
    draft = parse(files, ".claudio", ParseOptions())
    assert lines(draft) == gold("""
    1.1 | Oven | done | 16 | high | 0 | -
    1.2 | Dough | done | - | - | 0 | 1.1
    1.2 | Yeast | todo | - | - | 0 | -
    1.3 | After a fence that never ends | todo | - | - | 0 | 1.2
    """)
    assert {"UNCLOSED_FENCE", "STATUS_CONFLICT", "UNKNOWN_VALUE", "UNKNOWN_REFERENCE"} == set(
        codes(draft)
    )
