"""Whatever stands in the files, an import ends with a plan, a diagnostic or a refusal."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_help import claudio, codes

from callsheet.model.errors import CallsheetError
from callsheet.plan.draft import PlanDraft

_PIECES = st.sampled_from(
    [
        "## Task 1.1: A", "### Task 2: B (HIGH)", "# Task 1.2 Status: C", "**Dependencies**: ",
        "- **Dependencies**: Task 1.1, ", "Tasks 1.1-1.9", "All previous tasks", "Phase 2 completion",
        "| ID | Task |", "|---|---|", "| 1.3 | D |", "```", "~~~x", "<!--", "-->", "→", "->", "\n",
        "- [ ] ", "### Acceptance Criteria", "**Blocks**: Task 1.1", "**Status**: Done", "  - ",
        "<!-- callsheet:begin plan=x rev=1 -->", "<!-- callsheet:end -->", "\u202e", "✅", "(", "**",
        "## Phase 2: E", "phase1.task1", "|", "#", "Task", "99999999999999999999", "1.1.1.1",
    ]
)  # fmt: skip
_TEXT = st.lists(_PIECES | st.text(max_size=8), max_size=40).map("".join)


@settings(max_examples=150, deadline=None)
@given(_TEXT, _TEXT, _TEXT, _TEXT)
def test_any_text_in_any_file_gives_a_plan_or_names_a_cycle(
    tasks_md: str, page: str, status: str, plan_md: str
) -> None:
    files = {
        "phase1/tasks.md": f"## Task 1.1: A\n{tasks_md}",
        "phase1/claude.md": page,
        "phase1/task1/status.md": status,
        "phase2/phase_status.md": page,
        "phase2/task1/claude.md": status,
        "plan.md": plan_md,
    }
    try:
        draft = claudio(files)
    except CallsheetError as refusal:
        assert refusal.code == "CYCLE"
        return
    keys = {task.key for task in draft.tasks}
    phases = {f"phase:{phase.key}" for phase in draft.phases}
    assert len(keys) == len(draft.tasks)
    for task in draft.tasks:
        assert set(task.depends_on + task.implied) <= keys | phases


def edges(draft: PlanDraft) -> int:
    return sum(len(task.depends_on) for task in draft.tasks)


def test_sets_beyond_all_measure_are_an_error_and_not_millions_of_edges() -> None:
    text = "".join(
        f"## Task 1.{n}: T{n}\n**Dependencies**: All previous tasks\n" for n in range(1, 1_000)
    )
    draft = claudio({"phase1/tasks.md": text})
    assert edges(draft) <= 300_000
    assert "SET_TOO_LARGE" in codes(draft)


def test_wide_ranges_of_tasks_that_are_not_there_are_reported_once_each_and_counted() -> None:
    text = "## Task 1.1: A\n" + ("- **Dependencies**: Tasks " + "1-999, " * 200 + "\n") * 20
    draft = claudio({"phase1/tasks.md": text})
    assert edges(draft) == 0
    assert len(draft.diagnostics) < 3_000 and "MORE" in codes(draft)


def test_a_line_of_a_million_characters_is_text() -> None:
    line = "**Dependencies**: " + "Task 1.2, " * 100_000
    draft = claudio({"phase1/tasks.md": f"## Task 1.1: A\n{line}\n## Task 1.2: B\n"})
    assert edges(draft) == 0 and {"LONG_LINE", "TOO_LARGE"} <= set(codes(draft))


@pytest.mark.parametrize(
    "line",
    [
        "**a" + " " * 1_900 + "b",
        "**a**: " + "**b " * 450,
        "**Dependencies**: " + "(" * 1_900,
        "**Dependencies**: " + "[a](" * 400,
        "**Dependencies**: Task " + "1.1-" * 400,
        "**Dependencies**: Phase " + "1 or " * 380,
        "**Effort**: " + "1 " * 900,
        "**Status**: " + "not " * 450,
        "| " + "a |" * 600,
        "## Task 1.2: " + "(high) - " * 200,
    ],
)
def test_lines_made_to_be_slow_are_read_like_others(line: str) -> None:
    draft = claudio({"phase1/tasks.md": "## Task 1.1: A\n" + f"{line}\n" * 200})
    assert draft.tasks


@pytest.mark.parametrize(
    "lines",
    [
        ("**Files to Modify**:", "- src/a{}.py"),
        ("### Acceptance Criteria\n- [ ] x", "    - and y{}"),
        ("### Dependencies", "- Task 1.1, 1.2 {}"),
        ("**Note**: x", "- Task 1: A{}"),
    ],
)
def test_very_long_lists_in_one_task_are_read_like_short_ones(lines: tuple[str, str]) -> None:
    first, line = lines
    text = "\n".join([first, *(line.format(n) for n in range(5_000))])
    tasks = "".join(f"## Task 1.1: Title {n}\n" for n in range(300))
    draft = claudio(
        {"phase1/tasks.md": f"{tasks}## Task 1.2: B\n{text}\n", "phase1/phase_status.md": text}
    )
    assert draft.tasks
