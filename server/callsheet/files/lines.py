"""Just enough of Markdown's block structure to know where callsheet may write in a file.

It works on bytes, because the file is somebody else's and need not be valid text. It knows fenced
code, comments that span lines, front matter and headings; all else is ordinary text to it.
"""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from callsheet.plan.quoting import Quoting

BOM = b"\xef\xbb\xbf"
MARKER = b"<!-- callsheet:"

_HEADING = re.compile(rb" {0,3}#{1,6}(?:[ \t]|$)")
_UNDERLINE = re.compile(rb" {0,3}=+[ \t]*$")


@dataclass(frozen=True, slots=True)
class Line:
    """A line's place in the content, its line end included, and its text without it."""

    start: int
    end: int
    text: bytes


def split(content: bytes) -> list[Line]:
    """The lines of `content`, told apart by `\\n`. A byte order mark belongs to no line."""
    start = len(BOM) if content.startswith(BOM) else 0
    lines: list[Line] = []
    while start < len(content):
        newline = content.find(b"\n", start)
        end = len(content) if newline < 0 else newline + 1
        lines.append(Line(start, end, content[start:end].rstrip(b"\r\n")))
        start = end
    return lines


def newline(content: bytes) -> bytes:
    """The line end that most lines of `content` have."""
    return b"\r\n" if content.count(b"\r\n") * 2 > content.count(b"\n") else b"\n"


def after_front_matter(lines: Sequence[Line]) -> int:
    """The number of lines that a YAML front matter takes at the top; 0 for none.

    What has one of callsheet's markers in it is no front matter, but text between two rulers.
    """
    if not lines or lines[0].text.rstrip() != b"---":
        return 0
    for number, line in enumerate(lines[1:], start=2):
        if line.text.rstrip() in (b"---", b"..."):
            return number
        if line.text.startswith(MARKER):
            break
    return 0


def first_heading(lines: Sequence[Line], taken: AbstractSet[int]) -> int | None:
    """The number of lines up to and including the first heading; None when there is none.

    Headings are `# text` and `text` underlined with `=`; lines in `taken` don't count.
    """
    quoting = Quoting()
    before = b""
    for number in range(after_front_matter(lines), len(lines)):
        text = lines[number].text
        if number in taken or quoting.covers(text):
            before = b""
        elif _HEADING.match(text) or (before.strip() and _UNDERLINE.match(text)):
            return number + 1
        else:
            before = text
    return None
