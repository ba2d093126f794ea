"""The `Resources` field of a Claudio task: what two running tasks must not share."""

import pytest

from callsheet.plan.claudio import parse
from callsheet.plan.formats import ParseOptions
from callsheet.plan.paths import resources


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name:staging-env, `src/api/**`", ["name:staging-env", "src/api/**"]),
        ("pool:db*2; shared:src/models.py", ["pool:db*2", "shared:src/models.py"]),
        ("shared:name:docs", ["shared:name:docs"]),
        ("two developers, 3 days of QA", []),
        ("https://example.org/a.py, ../outside.py, name:two words", []),
    ],
)
def test_resources_are_recognised_and_people_are_not(text: str, found: list[str]) -> None:
    assert resources(text) == found


def test_the_field_adds_to_the_files_that_a_task_names() -> None:
    text = (
        "# Phase 1\n\n## Task 1.1: First\n\n**Resources**: name:staging-env, src/a.py\n\n"
        "**Files to Modify**:\n- `src/a.py`\n- `src/b.py`\n"
    )
    draft = parse({".claudio/phase1/tasks.md": text}, ".claudio", ParseOptions())
    (task,) = draft.tasks
    assert task.resources == ("name:staging-env", "src/a.py", "src/b.py")
