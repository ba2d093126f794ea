"""The block in somebody else's file: where it goes, and that nothing else changes."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callsheet.files.block import Block, broken_markers, splice

BEGIN = re.compile(rb"<!-- callsheet:begin [^>]*-->")


def put(content: bytes, rev: int = 1, body: str = "all well", plan: str = "main") -> bytes:
    spliced = splice(content, Block(plan, rev, body))
    assert spliced.data is not None
    return spliced.data


def rendered(body: str = "all well", rev: int = 1, plan: str = "main") -> bytes:
    return Block(plan, rev, body).rendered(b"\n")


def test_the_block_goes_after_the_first_heading() -> None:
    page = put(b"intro\n\n# Status\n\nmine\n## More\n")
    assert page == b"intro\n\n# Status\n\n" + rendered() + b"\n\nmine\n## More\n"


def test_an_underlined_heading_counts_too() -> None:
    page = put(b"Status\n======\nmine\n")
    assert page == b"Status\n======\n\n" + rendered() + b"\n\nmine\n"


def test_without_a_heading_the_block_goes_to_the_top() -> None:
    assert put(b"mine\n") == rendered() + b"\n\nmine\n"
    assert put(b"") == rendered() + b"\n"


def test_a_file_with_nothing_else_in_it_gets_a_title_inside_the_block() -> None:
    titled = Block("main", 1, "all well", heading="Status")
    made = splice(b"\n", titled).data
    assert made is not None
    assert b"\n\n# Status\n\nall well\n\n" in made
    assert splice(made, titled).outcome == "unchanged"
    later = splice(made + b"mine\n", Block("main", 2, "new", heading="Status")).data
    assert later is not None
    assert b"\n\n# Status\n\nnew\n\n" in later
    assert b"# Status" not in (splice(b"mine\n", titled).data or b"# Status")


def test_a_second_plan_goes_below_the_first_when_there_is_no_heading() -> None:
    page = put(rendered(plan="one") + b"\nmine\n", plan="two")
    assert page == rendered(plan="one") + b"\n\n" + rendered(plan="two") + b"\n\nmine\n"


def test_front_matter_stays_at_the_top() -> None:
    matter = b"---\ntitle: x\n# no heading\n---\n"
    assert put(matter + b"mine\n") == matter + b"\n" + rendered() + b"\n\nmine\n"
    fence = b"---\nfence: |\n```\n---\n"
    assert put(put(fence), rev=2) == fence + b"\n" + rendered(rev=2) + b"\n"


@pytest.mark.parametrize(
    "quoted", [b"```\n# no\n```\n", b"~~~~\n# no\n~~~\n~~~~\n", b"<!--\n# no\n-->\n"]
)
def test_a_heading_that_is_only_quoted_does_not_count(quoted: bytes) -> None:
    assert put(quoted + b"# Yes\n") == quoted + b"# Yes\n\n" + rendered() + b"\n"


def test_a_file_without_a_final_line_end_keeps_its_last_line() -> None:
    assert put(b"# Status") == b"# Status\n\n" + rendered() + b"\n"
    without = put(b"# Status\n\nmine")
    assert without.endswith(b"\n\nmine")
    assert put(without, rev=2).endswith(b"\n\nmine")


def test_a_byte_order_mark_stays_first() -> None:
    page = put(b"\xef\xbb\xbfmine\n")
    assert page.startswith(b"\xef\xbb\xbf<!-- callsheet:begin")
    assert put(page, rev=2).count(b"callsheet:begin") == 1


def test_a_file_with_windows_line_ends_keeps_them_everywhere() -> None:
    page = put(put(b"# Status\r\n\r\nmine\r\n"), rev=2, body="a\nb")
    assert page.count(b"\n") == page.count(b"\r\n")
    assert splice(page, Block("main", 2, "a\nb")).outcome == "unchanged"


def test_replacing_changes_only_what_is_between_the_markers() -> None:
    page = b"# A\n\xff\xfe  \nbefore\n" + rendered() + b"  \nafter\x00\r\nend"
    assert put(page, rev=2, body="new") == page.replace(rendered(), rendered("new", 2))


def test_the_same_block_changes_nothing() -> None:
    assert splice(put(b"# A\n"), Block("main", 1, "all well")).outcome == "unchanged"


def test_an_older_revision_never_replaces_a_newer_one() -> None:
    page = put(b"# A\n", rev=7)
    spliced = splice(page, Block("main", 6, "old news"))
    assert (spliced.outcome, spliced.data) == ("newer_there", None)
    assert splice(page, Block("main", 7, "said better")).outcome == "written"


def test_revisions_of_another_database_say_nothing_about_age() -> None:
    page = splice(b"", Block("main", 900, "of a lost database", store="a1")).data
    assert page is not None
    assert splice(page, Block("main", 3, "fresh", store="b2")).outcome == "written"
    assert splice(page, Block("main", 3, "older", store="a1")).outcome == "newer_there"


def test_an_edit_inside_is_noticed_and_an_untouched_block_is_not_suspected() -> None:
    page = put(b"# A\n")
    assert not splice(page, Block("main", 2, "new")).edited
    assert not splice(page.replace(b"\n", b"\r\n"), Block("main", 2, "new")).edited
    assert splice(page.replace(b"well", b"WELL"), Block("main", 2, "new")).edited


def test_a_forged_revision_does_not_stop_the_page() -> None:
    forged = put(b"# A\n").replace(b"rev=1", b"rev=999999")
    spliced = splice(forged, Block("main", 2, "new"))
    assert (spliced.outcome, spliced.edited) == ("written", True)


def test_each_plan_has_its_own_block() -> None:
    page = put(put(b"# A\nmine\n", plan="one"), plan="two words -->")
    assert len(BEGIN.findall(page)) == 2
    again = put(page, rev=2, plan="one", body="new")
    assert rendered(plan="two words -->") in again
    assert rendered("new", 2, "one") in again
    assert rendered(plan="one") not in again


def test_an_empty_place_marked_by_hand_is_taken() -> None:
    page = b"# A\nmine\n\n<!-- callsheet:begin -->\n<!-- callsheet:end -->\nrest\n"
    spliced = splice(page, Block("main", 1, "all well"))
    assert spliced.data == b"# A\nmine\n\n" + rendered() + b"\nrest\n"
    assert not spliced.edited


def test_a_begin_without_an_end_before_the_next_begin_is_the_users_text() -> None:
    orphan = b"# A\n<!-- callsheet:begin plan=main rev=9 -->\nmine\n"
    page = put(orphan)
    assert page == b"# A\n\n" + rendered() + b"\n\n" + orphan[4:]
    assert put(page, rev=2) == page.replace(rendered(), rendered(rev=2))
    assert [marker.line for marker in broken_markers(page)] == [9]


def test_markers_in_fenced_code_are_an_example_and_stay() -> None:
    example = b"```\n" + rendered("example", 5) + b"\n```\n"
    page = put(b"# A\n\n" + example)
    assert example in page
    assert put(page, rev=2).count(b"example") == 1
    assert broken_markers(page) == ()


def test_an_indented_or_quoted_marker_is_no_marker() -> None:
    for prefix in (b"  ", b"> ", b"see "):
        text = b"\n".join(prefix + line for line in rendered().split(b"\n"))
        assert put(b"# A\n\n" + text) == b"# A\n\n" + rendered() + b"\n\n" + text


def test_an_unclosed_fence_inside_the_block_does_not_hide_its_end() -> None:
    page = put(b"# A\n").replace(b"all well", b"```\nall well") + b"mine\n"
    spliced = splice(page, Block("main", 2, "new"))
    assert spliced.edited
    assert spliced.data == b"# A\n\n" + rendered("new", 2) + b"\nmine\n"


def test_broken_markers_are_named_with_their_lines() -> None:
    page = b"\n".join([b"<!-- callsheet:end -->", rendered(), b"text", rendered(), b""])
    assert [marker.line for marker in broken_markers(page)] == [1, 8]
    assert all(marker.why.endswith(".") for marker in broken_markers(page))


def test_a_body_cannot_end_its_own_block() -> None:
    body = "x\n<!-- callsheet:end -->\n<!-- callsheet:begin plan=main rev=99 -->\ny"
    page = put(b"# A\nmine\n", body=body)
    assert page.count(b"<!-- callsheet:end -->") == 1
    assert put(page, rev=2) == b"# A\n\n" + rendered(rev=2) + b"\n\nmine\n"


def test_thousands_of_markers_are_no_burden() -> None:
    begins = b"<!-- callsheet:begin plan=main rev=1 -->\n" * 20_000
    assert len(broken_markers(begins)) == 20_000
    assert put(begins).endswith(begins)
    assert put((rendered(plan="x") + b"\n# Not yet\n") * 3_000).count(b"all well") == 3_001


PIECES = st.sampled_from(
    [
        b"# Heading",
        b"text",
        b"",
        b"```",
        b"~~~",
        b"<!--",
        b"-->",
        b"---",
        b"===",
        b"\xff\x00\xef\xbb\xbf",
        b"<!-- callsheet:begin plan=main rev=1 -->",
        b"<!-- callsheet:begin plan=other rev=1 -->",
        b"<!-- callsheet:begin -->",
        b"<!-- callsheet:end -->",
        rendered(),
        rendered("older", 0),
    ]
)
FILES = st.lists(st.tuples(PIECES, st.sampled_from([b"\n", b"\r\n", b"\r"])), max_size=14).map(
    lambda lines: b"".join(text + end for text, end in lines)
)


@settings(deadline=None, max_examples=300)
@given(FILES)
@example(b"---\n```\n---\n")
@example(b"---\n" + rendered(rev=3) + b"\n---\n")
def test_whatever_the_file_the_block_gets_in_and_a_second_time_only_it_changes(file: bytes) -> None:
    first = splice(file, Block("main", 5, "first"))
    assert first.data is not None
    assert splice(first.data, Block("main", 5, "first")).outcome == "unchanged"
    assert splice(first.data, Block("main", 4, "late")).outcome == "newer_there"
    second = splice(first.data, Block("main", 6, "second"))
    assert second.data is not None
    assert not second.edited
    removed = [
        re.sub(rb"<!-- callsheet:begin plan=main rev=[56] (?s:.)*?end -->", b"", page, count=1)
        for page in (first.data, second.data)
    ]
    assert removed[0] == removed[1]


@settings(deadline=None)
@given(FILES)
def test_a_first_block_only_adds_to_the_file(file: bytes) -> None:
    if b"plan=main" in file or b"begin -->" in file:
        file = file.replace(b"plan=main", b"plan=more").replace(b"begin -->", b"begin x=y -->")
        file = file.replace(b"x=y", b"plan=y")
    page = put(file, rev=5)
    block = re.search(rb"\r?\n?\r?\n?<!-- callsheet:begin plan=main (?s:.)*?end -->(\r?\n)*", page)
    assert block is not None
    left = page[: block.start()] + page[block.end() :]
    assert re.sub(rb"[\r\n]", b"", left) == re.sub(rb"[\r\n]", b"", file)
    # Byte for byte: the file is what stands before and after, with only line ends added between.
    assert any(
        page.startswith(file[:cut]) and page.endswith(file[cut:]) for cut in range(len(file) + 1)
    )
