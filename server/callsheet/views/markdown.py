"""Text of plans and agents, made harmless for the pages that callsheet writes.

Whatever such a text contains, on the page it stays one piece of text in one line: it cannot open
a heading, a row, a link, a comment or one of callsheet's own markers, nor reorder or hide what
stands beside it. What is harmless in Markdown stays readable in a terminal: `snake_case`, `R & D`
and `a > b` are left as they are.
"""

import re
import unicodedata

ELLIPSIS = "…"
NOTHING = "–"

# Joiners carry meaning in Persian, Indic scripts and emoji, and reorder or hide nothing.
_KEPT_FORMATS = frozenset("\u200c\u200d")
_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SUPPLEMENTARY_SELECTORS = range(0xE0100, 0xE01F0)

_ALWAYS = re.compile(r"[\\`*\[\]|~$]")
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_ENTITY = re.compile(r"&(?=#|[A-Za-z])")
_AUTOLINK = re.compile(r"(?i)\b(https?|ftp)://")
_WWW = re.compile(r"(?i)\bwww\.")
_LEADING = re.compile(r"^([-+=#>]|\d+(?=[.)]))")
_PLAIN_ASCII = re.compile(r"[\x20-\x7e]*")
_UNFIT_FOR_CODE = re.compile(r"[`|\\<]")


def escape(text: str, limit: int = 120) -> str:
    """`text` as inert Markdown for one line: at most `limit` characters before escaping.

    Never empty (`–` stands for nothing to show) and never with a line break. A cut text ends
    with an ellipsis.
    """
    plain = one_line(text, limit)
    if not plain:
        return NOTHING
    safe = _ENTITY.sub("&amp;", plain)
    safe = _ALWAYS.sub(r"\\\g<0>", safe)
    safe = _UNDERSCORE.sub(r"\\_", safe)
    safe = safe.replace("<", "&lt;")
    safe = _AUTOLINK.sub(r"\1\\://", safe)
    safe = _WWW.sub(lambda found: found[0][:-1] + "\\.", safe)
    return _LEADING.sub(_escape_leading, safe)


def code(text: str, limit: int = 60) -> str:
    """`text` as a code span; what cannot stand in one is escaped as ordinary text instead."""
    plain = one_line(text, limit)
    if not plain or _UNFIT_FOR_CODE.search(plain):
        return escape(text, limit)
    return f"`{plain}`"


def one_line(text: str, limit: int) -> str:
    """`text` without line breaks and invisible characters, cut at `limit` characters."""
    # Texts may be 256 kB long; what is far behind the cut needs no cleaning.
    ample = 8 * limit + 64
    visible = _visible(text[:ample])
    plain = " ".join(visible.split())
    if len(plain) <= limit and len(text) <= ample:
        return plain
    return plain[: limit - 1].rstrip() + ELLIPSIS


def _visible(text: str) -> str:
    if _PLAIN_ASCII.fullmatch(text):
        return text
    return "".join(" " if char.isspace() else char for char in text if _is_shown(char))


def _is_shown(char: str) -> bool:
    if char.isspace() or char in _KEPT_FORMATS:
        return True
    if ord(char) in _SUPPLEMENTARY_SELECTORS:
        return False
    return unicodedata.category(char) not in _DROPPED_CATEGORIES


def _escape_leading(found: re.Match[str]) -> str:
    mark = found[1]
    return f"{mark}\\" if mark[0].isdigit() else f"\\{mark}"
