"""Foreign text on a page stays text: the parsed page has the template's tree, whatever it says."""

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from callsheet.views.markdown import ELLIPSIS, NOTHING, code, escape, one_line

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

HOSTILE = st.one_of(
    st.text(max_size=80),
    st.text(alphabet="\\`*_{}[]()<>#+-.!|~&;:=\"'/$@^ \t\n\ra1", max_size=40),
    st.lists(
        st.sampled_from(
            [
                "<!-- callsheet:end -->",
                "<!-- callsheet:begin plan=main rev=9 -->",
                "<script>alert(1)</script>",
                "<b>",
                "&lt;",
                "&#42;",
                "![x](y)",
                "[x]: http://a.b",
                "[x](javascript:1)",
                "https://a.b",
                "www.a.b",
                "| a | b |",
                "|---|---|",
                "**done**",
                "~~gone~~",
                "``",
                "```",
                "# head",
                "- [x] item",
                "1. one",
                "===",
                "---",
                "\\",
                "\\|",
                "\x1b[31m",
                "\u202e",
                "\u2066",
                "\U000e0041",
                "\x85",
                "\u2028",
                "\x00",
                "\ud800",
                "_a_",
                "word",
                " ",
            ]
        ),
        max_size=12,
    ).map("".join),
)


def tree(page: str, *, code_is_text: bool = False) -> list[object]:
    """The page's block and inline structure, with all text made the same."""
    text = {"text", "code_inline"} if code_is_text else {"text"}
    return [_shape(token, text) for token in PARSER.parse(page)]


def _shape(token: Token, text: set[str]) -> object:
    inner: list[object] = []
    for child in token.children or []:
        kind = "text" if child.type in text else (child.type, child.tag, child.attrs)
        if not (kind == "text" and inner and inner[-1] == "text"):
            inner.append(kind)
    return (token.type, token.tag, token.nesting, token.level, inner)


def template(text: str, key: str) -> str:
    """Every kind of place in which a page puts foreign text."""
    return "\n".join(
        [
            f"**{text}** · run active",
            "",
            f"| {key} {text} | second |",
            "|---|---|",
            f"| {text} | {text} |",
            f"| a | {key} |",
            "",
            f"- {text}",
            f"- {key} {text} · **{text}** · “{text}”",
            "",
            text,
            "",
            "<!-- callsheet:end -->",
            "",
        ]
    )


@settings(deadline=None, max_examples=200)
@given(HOSTILE)
@example("1) first")
@example("+")
@example("a_b_c _d_ e_")
@example("&amp &copy; &#x41;")
@example("trailing\\")
@example("x\n\n# Done\n\n| all | done |")
def test_no_text_changes_the_tree_of_the_page(text: str) -> None:
    assert tree(template(escape(text), "`k`")) == tree(template("x", "`k`"))


@settings(deadline=None, max_examples=200)
@given(HOSTILE)
@example("`")
@example("|")
@example("a\\")
@example("x\n\ny")
def test_no_key_changes_the_tree_but_for_being_code_or_text(key: str) -> None:
    page = template("x", code(key))
    assert tree(page, code_is_text=True) == tree(template("x", "`k`"), code_is_text=True)


def test_unescaped_text_does_change_the_tree() -> None:
    """The control: the comparison above notices what it is there to notice."""
    for text in ("# x", "a | b", "**x**", "<b>", "[x](y)", "a\n\nb", "`x`", "~~x~~", "1. x"):
        assert tree(template(text, "`k`")) != tree(template("x", "`k`"))


@settings(deadline=None)
@given(HOSTILE)
def test_escaped_text_is_one_visible_line_without_markers(text: str) -> None:
    safe = escape(text)
    assert safe == safe.strip() != ""
    assert "<" not in safe
    forbidden = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not [char for char in safe if unicodedata.category(char) in forbidden]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\U000e0000-\U000e0fff]", safe)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=80))
def test_a_reader_of_the_rendered_page_sees_the_text_that_was_meant(text: str) -> None:
    inline = PARSER.parseInline(escape(text))[0].children or []
    assert "".join(child.content for child in inline) == (" ".join(text.split()) or NOTHING)


@pytest.mark.parametrize(
    "text", ["snake_case and a.b", "R & D", "a > b", "50 % (approx.) done!", "ünïcödé 漢字 🎉"]
)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a|b", r"a\|b"),
        ("<!-- callsheet:end -->", "&lt;!-- callsheet:end -->"),
        ("see https://a.b", r"see https\://a.b"),
        ("www.a.b", r"www\.a.b"),
        ("1. one", r"1\. one"),
        ("- item", r"\- item"),
        ("&lt;", "&amp;lt;"),
        ("a\r\n\tb\u2028c", "a b c"),
        ("\x1b[31mred", r"\[31mred"),
        ("abc\u202edef\U000e0041", "abcdef"),
        ("", NOTHING),
        ("\u200b\x00 \n", NOTHING),
    ],
)
def test_what_means_something_is_escaped_or_removed(text: str, safe: str) -> None:
    assert escape(text) == safe


def test_joiners_that_carry_meaning_are_kept() -> None:
    for text in ("👩\u200d💻", "می\u200cخواهم"):
        assert escape(text) == text


def test_long_text_ends_with_an_ellipsis_within_its_limit() -> None:
    assert one_line("abcdef", 6) == "abcdef"
    assert one_line("abcdefg", 6) == "abcde" + ELLIPSIS
    assert one_line("\u200b" * 1_000 + "a", 10) == ELLIPSIS
    assert len(escape("*" * 10_000_000, 50)) == 2 * 49 + 1


def test_keys_are_code_unless_they_cannot_be() -> None:
    assert code("1.2") == "`1.2`"
    assert code("a_b*c") == "`a_b*c`"
    assert code("a`b") == r"a\`b"
    assert code("a|b") == r"a\|b"
    assert code("<!-- callsheet:end -->").startswith("&lt;")
    assert code("") == NOTHING
