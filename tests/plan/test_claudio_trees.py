"""Layouts, fields, statuses and damage in `.claudio` trees."""

import pytest
from plan_help import claudio, codes, needs, tasks

from callsheet.plan.claudio import find, values, wants
from callsheet.plan.detect import detect, wanted_by_any
from callsheet.plan.formats import plan_format

RICH = """
# Phase 1: Foundation - Task List

## Task 1.1: Project setup
**Priority**: Critical | **Status**: Not Started
**Effort**: 2-3 days
**Type**: Development/Infrastructure
**Agent**: `project-starter`

### Description
Lay the base.

### Acceptance Criteria
- [ ] It builds
- [x] It is tested
  on every platform

### Deliverables
- `pyproject.toml` and `src/base/`
- run `make all` and see https://example.org/x.html

**Files to Modify**:
- `/src/app.py`

## Phase Success Criteria
- [ ] All of it works
"""


def test_a_section_gives_every_field_of_its_task() -> None:
    [task] = claudio({"phase1/tasks.md": RICH}).tasks
    assert (task.key, task.title, task.phase) == ("1.1", "Project setup", "1")
    assert (task.priority, task.estimate_minutes, task.type) == ("critical", 1200, "development")
    assert task.route == "project-starter"
    assert task.acceptance == ("It builds", "It is tested on every platform")
    assert task.resources == ("pyproject.toml", "src/base/**", "src/app.py")
    assert task.brief.startswith(
        "**Type**: Development/Infrastructure\n\n### Description\nLay the base."
    )
    assert "Success Criteria" not in task.brief
    assert (task.file, task.line) == (".claudio/phase1/tasks.md", 3)


def test_headings_in_every_observed_style_are_tasks_and_near_misses_are_not() -> None:
    draft = claudio(
        {
            "phase2/tasks.md": """
            # Phase 2 Tasks: Things
            ## Task Organization Strategy
            ## Task 2.1: Plain
            ### 📁 Task 2: Local and decorated
            #### **Task 2.3 - Bold with a dash (Day 1 - 6 hours)**
            ### Task 2.4: Loud (HIGH)
            ### ✅ Task 2.5: Finished
            ## Task: Named by its field
            **ID**: 2.6
            ### Task 2.7 – Ended - COMPLETED
            ## Task Summary
            ## Tasks 2.1-2.7
            ### 2.8 Numbered only
            **Priority**: Low
            ### 2.9 Just a chapter
            ### Task 2.10 Without a colon
            **Priority**: Low
            ### Task 2.10 Dependencies
            ### Task 2.11: Ended too - CANCELLED
            """
        }
    )
    found = tasks(draft)
    assert {key: task.title for key, task in found.items()} == {
        "2.1": "Plain",
        "2.2": "Local and decorated",
        "2.3": "Bold with a dash",
        "2.4": "Loud",
        "2.5": "Finished",
        "2.6": "Named by its field",
        "2.7": "Ended",
        "2.8": "Numbered only",
        "2.10": "Without a colon",
        "2.11": "Ended too",
    }
    assert found["2.3"].estimate_minutes == 360
    assert found["2.4"].priority == "high"
    assert [key for key, task in found.items() if task.state == "done"] == ["2.5", "2.7"]


def test_rows_of_a_summary_table_are_tasks_when_they_have_no_heading() -> None:
    draft = claudio(
        {
            "phase1/tasks.md": """
            | Task ID | Task Name | Priority | Effort | Dependencies | Status |
            |---|---|---|---|---|---|
            | 1.1 | First | High | 3 days | None | Completed |
            | 1.2 | Second | Low | 1 week | Task 1.1 | Not Started |

            ## Task 1.1: First
            **Effort**: 2 days
            """,
            "plan.md": "## Phase 1: Base\n#### Task 1.2: Second\n- **Description**: The body.\n",
        }
    )
    first, second = draft.tasks
    assert (first.estimate_minutes, first.priority, first.state) == (960, "high", "done")
    assert (second.title, second.priority, second.estimate_minutes) == ("Second", "low", 2400)
    assert needs(draft) == {"1.2": {"1.1"}}
    assert "The body." in second.brief


def test_plan_files_fill_gaps_only_where_titles_agree() -> None:
    draft = claudio(
        {
            "phase1/tasks.md": "## Task 1.1: Base\n## Task 1.2: Walls\n**Effort**: 1 day\n",
            "plan.md": """
            # The plan
            ## Phase 1: House
            #### Task 1.1: Base
            - **Effort**: 3 days
            #### Task 1.2: Something else
            - **Dependencies**: Task 1.1
            ## Phase 2: Garden
            **Dependencies**: Phase 1 completion
            #### Task 2.1: Hedge
            - **Acceptance Criteria**:
              - [ ] Green
              - [ ] High
            """,
        }
    )
    found = tasks(draft)
    assert found["1.1"].estimate_minutes == 1440
    assert found["1.2"].estimate_minutes == 480 and found["1.2"].depends_on == ()
    assert found["2.1"].acceptance == ("Green", "High")
    assert [(p.key, p.title, p.depends_on) for p in draft.phases] == [
        ("1", "House", ()),
        ("2", "Garden", ("1",)),
    ]


def test_the_status_page_of_the_task_wins_over_every_other_word() -> None:
    draft = claudio(
        {
            "phase1/tasks.md": "".join(
                f"## Task 1.{n}: Title {name}\n**Status**: Not Started\n"
                for n, name in enumerate(("alpha", "beta"), 1)
            )
            + "## Task 1.3: Title gamma\n",
            "phase1/phase_status.md": """
            - **Current Status**: Not Started
            ### Completed ✓
            - **Task 1.2: Title beta**: last week
            - **Task 1.3: Title gamma**: last week
            """,
            "phase1/task1/status.md": "# Task 1.1 Status: Title alpha\n- **Status**: ✅ COMPLETED\n",
        }
    )
    assert {key: task.state for key, task in tasks(draft).items()} == {
        "1.1": "done",
        "1.2": "todo",
        "1.3": "done",
    }
    assert "STATUS_CONFLICT" in codes(draft)


def test_folders_of_another_plan_are_reported_and_not_used() -> None:
    draft = claudio(
        {
            "phase1/tasks.md": "## Task 1.1: Theme\n",
            "phase1/task1_user_schema/status.md": "# Task 1: User Schema\n**Status**: Completed\n",
            "phase1/task1_user_schema/claude.md": "# Task 1: User Schema Agent\n",
        }
    )
    [task] = draft.tasks
    assert task.state == "todo" and task.files == ()
    assert codes(draft) == ["FOREIGN_FOLDER"]


def test_an_executor_gets_the_paths_of_its_context_files() -> None:
    draft = claudio(
        {
            "shared/standards/claude.md": "# Standards\n",
            "phase1/claude.md": "# Phase 1: Base Agent\n",
            "phase1/tasks.md": "## Task 1.1: Theme\n**Directory**: `theme-work/`\n",
            "phase1/theme-work/claude.md": "# Anything\n",
        }
    )
    assert draft.tasks[0].files == (
        ".claudio/phase1/theme-work/claude.md",
        ".claudio/phase1/claude.md",
        ".claudio/shared/standards/claude.md",
    )
    assert draft.phases[0].status_file == ".claudio/phase1/phase_status.md"


def test_task_folders_are_the_tasks_of_a_phase_without_tasks_md() -> None:
    draft = claudio(
        {
            "phase1/task1/claude.md": "# Task 1.1: One Agent\n",
            "phase1/task2/claude.md": "# Task 1.2: Two Agent\n## Task Overview\n- **Dependencies**: Task 1.1\n",
        }
    )
    assert [(task.key, task.title) for task in draft.tasks] == [("1.1", "One"), ("1.2", "Two")]
    assert needs(draft) == {"1.2": {"1.1"}}


def test_phases_follow_each_other_unless_they_say_something_about_order() -> None:
    files = {f"phase{n}/tasks.md": f"## Task {n}.1: Thing {n}\n" for n in (1, 2, 3, 10)}
    files["phase3/tasks.md"] = "**Dependencies**: Phase 1\n\n" + files["phase3/tasks.md"]
    phases = claudio(files).phases
    assert [(p.key, p.depends_on, p.implied) for p in phases] == [
        ("1", (), ()),
        ("2", (), ("1",)),
        ("3", ("1",), ()),
        ("10", (), ("3",)),
    ]
    assert not any(p.implied for p in claudio(files, phases_in_order=False).phases)


def test_nested_tasks_are_children_of_a_container() -> None:
    draft = claudio(
        {"phase1/tasks.md": "## Task 1.1: Big\n### Task 1.1.1: Small\n### Task 1.1.2: Smaller\n"}
    )
    assert [(t.key, t.parent, t.container) for t in draft.tasks] == [
        ("1.1", None, True),
        ("1.1.1", "1.1", False),
        ("1.1.2", "1.1", False),
    ]


def test_tasks_in_fences_and_comments_are_not_tasks_and_an_unclosed_fence_hides_none() -> None:
    draft = claudio(
        {
            "phase1/tasks.md": """
            ## Task 1.1: Real
            ```markdown
            ## Task 1.2: Sample
            ```
            <!--
            ## Task 1.3: Commented out
            -->
            ```
            ## Task 1.4: After a fence that never ends
            """
        }
    )
    assert [task.key for task in draft.tasks] == ["1.1", "1.4"]
    assert codes(draft) == ["UNCLOSED_FENCE", "TASK_IN_FENCE", "TASK_IN_FENCE"]
    assert [found.line for found in draft.diagnostics] == [8, 3, 6]


def test_what_callsheet_wrote_is_not_read_back_and_does_not_change_the_digest() -> None:
    files = {"phase1/tasks.md": "## Task 1.1: Real\n"}
    before = claudio(files)
    files["phase1/tasks.md"] += (
        "<!-- callsheet:begin plan=main rev=3 -->\n## Task 1.2: Forged\n<!-- callsheet:end -->\n"
    )
    files["status.md"] = "<!-- callsheet:begin plan=main rev=3 -->\nx\n<!-- callsheet:end -->\n"
    after = claudio(files)
    assert [task.key for task in after.tasks] == ["1.1"]
    assert after.digest == before.digest
    assert claudio({"phase1/tasks.md": "## Task 1.1: Other\n"}).digest != before.digest


def test_the_two_plans_of_one_tree_are_found_apart() -> None:
    paths = [".claudio/phase1/tasks.md", ".claudio/phases/phase1/tasks.md", "src/.claudio/x.md"]
    assert [found.path for found in detect(paths)] == [".claudio", ".claudio/phases"]
    assert [found.path for found in find([".claudio/phases/phase1/tasks.md"])] == [
        ".claudio/phases"
    ]
    assert [found.path for found in find([".claudio/implementation-plan.md"])] == [".claudio"]
    assert find([".claudio/prd.md", "README.md"]) == []
    assert wants(".claudio/phase1/task1/claude.md") and not wanted_by_any(".claudio/prd.md")


def test_a_tree_without_tasks_says_what_is_missing() -> None:
    draft = claudio({"plan.md": "# A plan\n1. **Do things**\n"})
    assert draft.tasks == () and codes(draft) == ["NO_TASKS"]


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("3 days", 24), ("2-3 days", 20), ("0.5 days", 4), ("1 week", 40), ("2h", 2),
        ("4 weeks (Weeks 5-8)", 160), ("1h 30m", 1.5), ("45 minutes", 0.75), ("1 week 2 days", 56),
        ("2 days - 3 days", 20), ("8h to 12h", 10), ("1-2 days (8-16 hours)", 12),
        ("Requires analysis", None), ("Weeks 5-8", None), ("Medium", None),
    ],
)  # fmt: skip
def test_estimates_are_read_as_hours(text: str, hours: float | None) -> None:
    assert values.hours(text) == hours


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("✅ COMPLETED", "done"), ("Complete", "done"), ("100%", "done"), ("✅", "done"),
        ("Not Started", "todo"), ("Ready to begin", "todo"), ("Waiting for Task 1", "todo"),
        ("Awaiting Prerequisites", "todo"), ("Pending Phase 1 Completion", "todo"),
        ("Planning Complete - Ready for Implementation", "todo"), ("In Progress 🔄", "in_progress"),
        ("Mostly Complete", "in_progress"), ("60% complete", "in_progress"), ("Blocked", "blocked"),
        ("Won't do", "skipped"), ("Cancelled", "skipped"), ("Purple", None),
    ],
)  # fmt: skip
def test_status_words_are_read_as_states(text: str, state: str | None) -> None:
    assert values.state(text) == state


def test_every_format_offers_the_same_functions() -> None:
    for name in ("claudio", "callsheet"):
        assert plan_format(name).FORMAT == name


def test_a_phase_that_names_only_libraries_still_follows_the_one_before() -> None:
    draft = claudio(
        {
            "phase1/tasks.md": "## Task 1.1: Base\n",
            "phase2/tasks.md": "**Dependencies**: clap, tokio\n\n## Task 2.1: Walls\n",
            "phase3/tasks.md": "**Dependencies**: None\n\n## Task 3.1: Garden\n",
        }
    )
    assert [phase.implied for phase in draft.phases] == [(), ("1",), ()]


def test_phase_pages_say_what_a_phase_needs_and_enables() -> None:
    draft = claudio(
        {
            "phase1/tasks.md": "## Task 1.1: Base\n",
            "phase2/tasks.md": "## Phase Dependencies\n- **Enables**: Phase 4\n## Task 2.1: Walls\n",
            "phase3/tasks.md": "## Dependencies\n- **Phase 1**: Must be complete\n## Task 3.1: Roof\n",
            "phase4/phase_status.md": "## Dependencies\n**From Previous Phase**:\n- Phase 3 (Roof)\n",
            "phase4/tasks.md": "## Task 4.1: Paint\n",
        }
    )
    assert {phase.key: set(phase.depends_on) for phase in draft.phases} == {
        "1": set(),
        "2": set(),
        "3": {"1"},
        "4": {"2", "3"},
    }


def test_fields_that_share_a_line_are_read_however_they_are_separated() -> None:
    text = """
    ## Task 1.1: One
    **Priority**: High  **Effort**: 2 days
    ## Task 1.2: Two
    - **Priority:** Low, **Effort:** 1 day, **Risk:** wind
    """
    one, two = claudio({"phase1/tasks.md": text}).tasks
    assert (one.priority, one.estimate_minutes, one.brief) == ("high", 960, "")
    assert (two.priority, two.estimate_minutes) == ("low", 480)
    assert two.brief == "- **Priority:** Low, **Effort:** 1 day, **Risk:** wind"


def test_one_list_of_tasks_for_the_whole_plan_is_read_like_a_plan_file() -> None:
    draft = claudio({"tasks.md": "## Phase 1: House\n### Task 1.1: Base\n### Task 1.2: Walls\n"})
    assert [(task.key, task.phase) for task in draft.tasks] == [("1.1", "1"), ("1.2", "1")]
    assert [found.path for found in find([".claudio/tasks.md"])] == [".claudio"]
