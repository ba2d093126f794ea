"""Folders below a task's folder, and pages that have no place in a tree."""

from plan_help import claudio, codes, needs, tasks

TREE = {
    "phase1/tasks.md": "## Task 1.1: Base\n## Task 1.2: Walls\n## Task 1.3: Roof\n",
    "phase1/task2/claude.md": "# Task 1.2: Walls Agent\n",
    "phase1/task2/subtasks/subtask10/claude.md": "# Subtask 10: Paint Agent\n",
    "phase1/task2/subtasks/subtask1/claude.md": "# Subtask 1: Bricks Agent\n",
    "phase1/task2/subtasks/subtask2/claude.md": """
        # Subtask 2: Mortar Agent
        ## Task Overview
        - **Priority**: High
        - **Dependencies**: Subtask 1, Task 1.1
        """,
    "phase1/task2/subtasks/subtask2/status.md": "# Subtask Status: Mortar\n**Status**: Completed\n",
}


def test_subtask_folders_are_children_and_their_parent_becomes_a_container() -> None:
    draft = claudio(TREE)
    assert [(t.key, t.title, t.parent, t.container) for t in draft.tasks] == [
        ("1.1", "Base", None, False),
        ("1.2", "Walls", None, True),
        ("1.2.1", "Bricks", "1.2", False),
        ("1.2.2", "Mortar", "1.2", False),
        ("1.2.10", "Paint", "1.2", False),
        ("1.3", "Roof", None, False),
    ]
    mortar = tasks(draft)["1.2.2"]
    assert (mortar.priority, mortar.state) == ("high", "done")
    assert mortar.files == (".claudio/phase1/task2/subtasks/subtask2/claude.md",)
    assert needs(draft) == {"1.2.2": {"1.2.1", "1.1"}}
    assert codes(draft) == []


def test_a_subtask_folder_fills_the_child_that_tasks_md_has_already() -> None:
    files = dict(TREE)
    files["phase1/tasks.md"] = "## Task 1.2: Walls\n### Task 1.2.1: Bricks\n## Task 1.3: Roof\n"
    draft = claudio(files)
    assert [task.key for task in draft.tasks] == ["1.2", "1.2.1", "1.2.2", "1.2.10", "1.3"]
    assert tasks(draft)["1.2.1"].files == (".claudio/phase1/task2/subtasks/subtask1/claude.md",)


def test_subtasks_of_a_folder_without_a_page_of_its_own_are_read_too() -> None:
    path = "phase1/task3/subtasks/subtask1/claude.md"
    with_list = claudio({"phase1/tasks.md": "## Task 1.3: Roof\n", path: "# Tiles\n"})
    without = claudio({path: "# Tiles\n"})
    for draft in (with_list, without):
        assert [(t.key, t.parent) for t in draft.tasks] == [("1.3", None), ("1.3.1", "1.3")]


def test_subtasks_of_a_folder_of_another_plan_are_reported_with_it() -> None:
    files = {
        "phase1/tasks.md": "## Task 1.1: Theme\n",
        "phase1/task1/claude.md": "# Task 1: User Schema Agent\n",
        "phase1/task1/subtasks/subtask1/claude.md": "# Subtask 1: Table\n",
    }
    draft = claudio(files)
    assert [task.key for task in draft.tasks] == ["1.1"]
    [found] = draft.diagnostics
    assert found.code == "FOREIGN_FOLDER" and "its subtasks (1)" in found.message


def test_a_task_and_its_subtasks_do_not_wait_for_each_other() -> None:
    files = {
        "phase1/tasks.md": """
        ## Task 1.1: Big
        **Dependencies**: Task 1.1.1
        ### Task 1.1.1: Small
        **Dependencies**: Task 1.1
        """
    }
    draft = claudio(files)
    assert needs(draft) == {}
    assert codes(draft) == ["CONTAINED", "CONTAINED"]


def test_a_page_that_has_no_place_is_reported() -> None:
    files = {
        "phase1/tasks.md": "## Task 1.1: Base\n",
        "phase1/task1/drafts/claude.md": "# Old\n",
        "phase1/task1/tasks.md": "## Task 1.1.1: Small\n",
    }
    draft = claudio(files)
    assert [task.key for task in draft.tasks] == ["1.1"]
    assert [(d.code, d.file) for d in draft.diagnostics] == [
        ("UNPLACED_PAGE", ".claudio/phase1/task1/drafts/claude.md"),
        ("UNPLACED_PAGE", ".claudio/phase1/task1/tasks.md"),
    ]


def test_folders_are_in_the_order_of_their_numbers() -> None:
    draft = claudio({f"phase1/task{n}/claude.md": f"# Task {n}: Part {n}\n" for n in (10, 2, 1)})
    assert [task.key for task in draft.tasks] == ["1.1", "1.2", "1.10"]


def test_tasks_without_numbers_take_the_free_ones() -> None:
    draft = claudio({"phase1/tasks.md": "## Task: A\n## Task 1: B\n## Task: C\n## Task 1.3: D\n"})
    assert [(t.key, t.title) for t in draft.tasks] == [
        ("1.2", "A"), ("1.1", "B"), ("1.4", "C"), ("1.3", "D"),
    ]  # fmt: skip
