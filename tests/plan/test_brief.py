"""What a task's brief leaves out, because the answer has it in fields, and what it never loses."""

import pytest
from plan_help import claudio, tasks

FIELDS_ONLY = """
## Task 1.1: Base
**ID**: 1.1
**Priority**: High | **Status**: Not Started
**Effort**: 2-3 days
**Type**: Development
**Agent**: `project-starter`
**Resources**: name:staging, src/base/**
- **Dependencies**: None

### Acceptance Criteria
- [ ] It works
  on every platform
- [ ] It is fast
"""


def brief_of(section: str, **more: str) -> str:
    files = {"phase1/tasks.md": "## Task 1.1: Base\n\n## Task 1.2: Walls\n" + section}
    return tasks(claudio(files | more))["1.2"].brief


def test_a_section_that_only_repeats_fields_gives_an_empty_brief() -> None:
    [task] = claudio({"phase1/tasks.md": FIELDS_ONLY}).tasks
    assert task.brief == ""
    assert task.acceptance == ("It works on every platform", "It is fast")
    assert (task.route, task.resources) == ("project-starter", ("name:staging", "src/base/**"))


def test_everything_else_stays_verbatim_and_in_order() -> None:
    brief = brief_of("""**Priority**: High
**Lead**: Bob
**Effort**: 2 days

### Description
First  line,
- [ ] with a box that is no criterion

### Acceptance Criteria
- [ ] Stands

---

### Notes
```
**Priority**: in code
```
**Risks**:
- wind

### Dependencies
- **Prerequisite Tasks**: Task 1.1
- **External Dependencies**: bricks
""")
    assert (
        brief
        == """**Lead**: Bob

### Description
First  line,
- [ ] with a box that is no criterion

---

### Notes
```
**Priority**: in code
```
**Risks**:
- wind

### Dependencies
- **External Dependencies**: bricks"""
    )


@pytest.mark.parametrize(
    "line",
    [
        "**Priority**: CRITICAL PATH - Must complete before the roof",
        "**Priority**: Purple",
        "**Effort**: Requires analysis",
        "**Effort**: 4 weeks (Weeks 5-8)",
        "**Type**: API Development",
        "**Type**: Development/Testing",
        "**Status**: Waiting for the permit",
        "**Status**: 60% complete",
        "**Status**: In Progress / Blocked",
        "**Assignee**: QA Engineer",
        "**Resources**: two developers, name:crane",
        "**Directory**: `walls/`",
        "**ID**: W-17",
        "**Priority**: High | **Risk**: wind",
        "**Dependencies**: Task 1.1 (once it is dry)",
        "**Dependencies**: Task 1.1 for the doors",
        "**Dependencies**: Task 1.1 or Task 1.3",
        "**Dependencies**: Task 1.1, Task 7.7",
        "**Dependencies**: None (can run parallel with Task 1.1)",
        "**Dependencies**: All core functionality complete",
        "**Dependencies**: bricks, mortar",
        "**Blocks**: Task 1.1",
        "**Optional**: yes",
    ],
)
def test_a_line_that_says_more_than_its_field_holds_stays(line: str) -> None:
    assert brief_of(line + "\n") == line


@pytest.mark.parametrize(
    "line",
    [
        "**Priority**: P1 (high)",
        "- **Estimated Effort**: 2-3 days  ",
        "**Duration**: 1 week and 2 days",
        "**Type**: Docs",
        "**Status**: ✅ COMPLETED",
        "**Status**: Ready to begin",
        "**Completion**: 100%",
        "**ID**: 1.2",
        "**Dependencies**: Task 1.1 (Base)",
        "**Dependencies**: All previous tasks must be completed",
        "- **Prerequisites**: N/A",
    ],
)
def test_a_line_that_a_field_holds_in_full_goes(line: str) -> None:
    assert brief_of(line + "\n") == ""


def test_a_second_word_that_contradicts_the_first_stays() -> None:
    brief = brief_of("**Priority**: High\n**Effort**: 1 day\n**Duration**: 3 days\n")
    assert brief == "**Duration**: 3 days"


def test_a_list_with_some_boxes_ticked_stays_because_it_says_what_is_done_already() -> None:
    brief = brief_of("**Acceptance Criteria**:\n- [x] Stands\n- [ ] Painted\n")
    assert brief == "**Acceptance Criteria**:\n- [x] Stands\n- [ ] Painted"


def test_criteria_of_a_special_kind_keep_their_heading() -> None:
    section = "### Acceptance Criteria functional\n- [ ] Stands"
    assert brief_of(section + "\n") == section


def test_prose_after_the_criteria_is_text_and_no_criterion() -> None:
    assert brief_of("**Acceptance Criteria**:\n- Stands\n\nSee the drawing.\n") == (
        "**Acceptance Criteria**:\n\nSee the drawing."
    )


def test_success_criteria_go_only_when_they_serve_as_acceptance_criteria() -> None:
    success = "### Success Criteria\n- Everybody is happy\n"
    assert brief_of(success) == ""
    assert brief_of("### Acceptance Criteria\n- Stands\n" + success) == success.strip()


def test_a_directory_goes_when_its_page_is_among_the_files_to_read() -> None:
    page = {"phase1/walls/claude.md": "# Task 1.2: Walls Agent\n"}
    assert brief_of("**Directory**: `walls/`\n", **page) == ""


def test_a_row_keeps_the_columns_that_are_no_fields() -> None:
    table = """
        | ID | Task | Priority | Effort | Depends on | Status | Assignee | Notes |
        |---|---|---|---|---|---|---|---|
        | 1.1 | Base | High | 1 day | - | Done | Bob | mind the cable |
        | 1.2 | Walls | Low | 2 days | Task 1.1 | Not Started | | |
        """
    found = tasks(claudio({"phase1/tasks.md": table}))
    assert found["1.1"].brief == "Assignee: Bob · Notes: mind the cable"
    assert found["1.2"].brief == ""


def test_a_row_adds_what_only_it_says_to_the_section_of_its_task() -> None:
    table = "\n| ID | Task | Notes |\n|---|---|---|\n| 1.2 | Walls | red ones |\n"
    files = {"phase1/tasks.md": table + "\n## Task 1.2: Walls\nBuild them.\n"}
    assert tasks(claudio(files))["1.2"].brief == "Build them.\n\nNotes: red ones"


def test_text_from_another_page_loses_only_what_the_final_fields_say() -> None:
    files = {
        "phase1/tasks.md": "| ID | Task | Priority |\n|---|---|---|\n| 1.1 | Base | High |\n",
        "plan.md": "## Phase 1: House\n#### Task 1.1: Base\n- **Priority**: Low\n- **Effort**: 1 day\n",
    }
    [task] = claudio(files).tasks
    assert (task.priority, task.brief) == ("high", "- **Priority**: Low")
