"""callsheet's own blocks in a plan's files: never read back, never a change of the plan."""

import pytest

from callsheet.files.block import Block, splice
from callsheet.plan.sources import digest, without_own_blocks

PAGE = ".claudio/status.md"
BEGIN, END = "<!-- callsheet:begin plan=main rev=1 -->", "<!-- callsheet:end -->"


@pytest.mark.parametrize(
    "before",
    [
        "",
        "\n\n",
        "no heading, no line end",
        "# Title\ntext right below\n",
        "# Title\n\ntext\n",
        "# Title\n\n\n\ntext\n\n\n",
        "# Title",
        "---\na: 1\n---\ntext\n",
        "Title\n=====\nrest\n",
    ],
)
def test_putting_a_block_into_a_file_does_not_change_the_digest(before: str) -> None:
    block = Block("main", 7, "**half done**\n\n- all well", "Status", "abc")
    fresh = splice(before.encode(), block).data
    assert fresh is not None
    again = splice(fresh, Block("other", 9, "second plan", "Status", "abc")).data
    assert again is not None
    assert b"half done" in again and b"second plan" in again
    assert digest({PAGE: before}, [PAGE]) == digest({PAGE: again.decode()}, [PAGE])


def test_what_people_write_around_a_block_changes_the_digest() -> None:
    text = f"# Title\n\n{BEGIN}\nours\n{END}\n"
    assert digest({PAGE: text}, [PAGE]) != digest({PAGE: f"{text}\nmine\n"}, [PAGE])


def test_blank_lines_of_a_file_without_markdown_count() -> None:
    path = "callsheet.plan.yaml"
    assert digest({path: "a: |\n  b\n\n  c"}, [path]) != digest({path: "a: |\n  b\n  c"}, [path])


@pytest.mark.parametrize(
    "example",
    [
        f"```\n{BEGIN}\nshown\n{END}\n```",
        f"~~~~ html\n{BEGIN}\nshown\n{END}\n~~~~",
        f"<!--\n{BEGIN}\nshown\n",
    ],
)
def test_a_block_that_is_only_shown_stays(example: str) -> None:
    assert without_own_blocks(f"a\n{example}\nb") == f"a\n{example}\nb"


def test_a_fence_inside_a_block_does_not_hide_its_end() -> None:
    text = f"{BEGIN}\n```\n{END}\n{BEGIN}\nmore\n{END}\nb"
    assert without_own_blocks(text) == "\n\n\n\n\n\nb"


def test_reading_and_writing_agree_on_what_is_a_block() -> None:
    page = splice(f"# T\n\n```\n{BEGIN}\nshown\n{END}\n```\n".encode(), Block("main", 2, "x")).data
    assert page is not None
    assert without_own_blocks(page.decode()).count("shown") == 1
    assert "rev=2" not in without_own_blocks(page.decode())
