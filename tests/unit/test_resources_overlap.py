"""The overlap of globs against every path of a small world: it may say yes too often, never no wrongly."""

import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callsheet.model import resource as res
from callsheet.model.errors import CallsheetError

NAMES = ("a", "b", "ab", "ba", "aab")
PATHS = [parts for depth in (1, 2, 3) for parts in product(NAMES, repeat=depth)]
PARTS = st.sampled_from(["a", "b", "ab", "*", "a*", "*b", "a*b", "?", "a?", "[ab]", "*a*", "**"])
GLOBS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


def component(pattern: str) -> str:
    return "".join({"*": "[^/]*", "?": "[^/]"}.get(c, c) for c in pattern)


def matched(glob: str) -> frozenset[tuple[str, ...]]:
    """Every path that the glob matches, or that lies below one, found by trying each."""
    return frozenset(path for path in PATHS if _matches(tuple(glob.split("/")), path))


def _matches(glob: tuple[str, ...], path: tuple[str, ...]) -> bool:
    if not glob:
        return True  # what is below
    if glob[0] == "**":
        return any(_matches(glob[1:], path[n:]) for n in range(len(path) + 1))
    return bool(path and re.fullmatch(component(glob[0]), path[0])) and _matches(glob[1:], path[1:])


@given(GLOBS, GLOBS)
@settings(max_examples=400, deadline=None, database=None)
def test_globs_that_share_a_path_overlap(a: str, b: str) -> None:
    if matched(a) & matched(b):
        assert res.overlap(a, b) and res.overlap(b, a)


@given(GLOBS, GLOBS)
@settings(max_examples=300, deadline=None, database=None)
def test_overlap_does_not_depend_on_the_order(a: str, b: str) -> None:
    assert res.overlap(a, b) == res.overlap(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [("src/a.py", "src/b.py"), ("src/**", "docs/**"), ("*.py", "*.md"), ("a/*/c", "a/b/d")],
)
def test_globs_that_plainly_share_nothing_do_not_overlap(a: str, b: str) -> None:
    assert not res.overlap(a, b)


def test_the_overlap_of_long_globs_is_found_in_bounded_time() -> None:
    long = "/".join(["**", "a"] * 60)
    assert res.overlap(long, long.replace("a", "b"))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("src/", "src/**"),
        ("./src//a.py", "src/a.py"),
        ("src\\a.py", "src/a.py"),
        ("shared:src/", "shared:src/**"),
        ("pool:db*1", "pool:db"),
        ("pool:db*3", "pool:db*3"),
        (" name:x ", "name:x"),
    ],
)
def test_a_resource_has_one_written_form(text: str, written: str) -> None:
    assert str(res.parse(text)) == written
    assert res.parse(written) == res.parse(text)


@pytest.mark.parametrize(
    "text", ["", " ", "/etc/passwd", "../up", "a/../b", "pool:", "pool:x*0", "pool:x*y", "name:", "a\nb",
             "x" * 513, "shared:", ".", "./"]
)  # fmt: skip
def test_what_is_no_resource_is_refused(text: str) -> None:
    with pytest.raises(CallsheetError, match="^BAD_ARGUMENT"):
        res.parse(text)


@given(st.text(max_size=30))
@settings(max_examples=300, deadline=None, database=None)
def test_any_text_is_a_resource_or_refused_in_words(text: str) -> None:
    try:
        parsed = res.parse(text)
    except CallsheetError as error:
        assert error.code == "BAD_ARGUMENT"
    else:
        assert res.parse(str(parsed)) == parsed
