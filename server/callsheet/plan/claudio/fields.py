"""The lines of a section as labelled entries: `**Priority**: High`, `- **Effort**: 2 days`, items.

An entry knows under which heading and which open label it stands, because the same words mean
different things: `**Dependencies**: clap, tokio` under Technical Requirements names libraries.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from callsheet.plan.outline import MAX_SYNTAX_CHARS, Outline

_LINE = re.compile(r"([ \t]*)(?:([-*+•]|\d{1,4}[.)])[ \t]+)?(?:\[([ xX~✅✓-])\][ \t]+)?(.*)\Z")
_BOLD = re.compile(r"(?:\*\*|__)([^*\n]{1,100}?)(:?)\s*(?:\*\*|__)\s*(:?)\s*(.*)\Z")
_PLAIN = re.compile(r"([A-Za-z][A-Za-z /]{1,30}?):\s+(\S.*)\Z")
_PLAIN_KEYS = frozenset(
    {
        "id", "priority", "effort", "estimate", "duration", "dependencies", "status", "type",
        "assignee", "agent", "prerequisites", "blocks", "blocking", "estimated effort",
        "depends on", "task id", "blocked by", "waiting on", "waiting for",
    }
)  # fmt: skip
_LABEL = re.compile(r"(?<=\s)\*\*[^*\n]{1,40}(?:\*\*:|:\*\*)")
_NOTHING = frozenset({"", "---", "***", "___", "- - -"})
_NOT_WORDS = re.compile(r"[^\w/&#. -]+")


class Entry(NamedTuple):
    """One line, or one of the labelled pieces that share it, of which `shared` tells.

    `key` is "" for plain text; `heading` and `label` are what it stands under, on the lines
    `heading_line` and `label_line` (-1: none). `raw` is the text with its key, without list marker
    and checkbox; `indent` counts columns; `ticked` is its checkbox. Lines are indices.
    """

    heading: str
    label: str
    key: str
    value: str
    raw: str
    line: int
    indent: int = 0
    item: bool = False
    ticked: bool | None = None
    shared: bool = False
    heading_line: int = -1
    label_line: int = -1

    @property
    def context(self) -> str:
        """The closest label or heading above, normalised; "" directly under the section's own."""
        return self.label or self.heading


@lru_cache(maxsize=4_096)
def normal(text: str) -> str:
    """A heading or label in lower case without emoji and punctuation."""
    return " ".join(_NOT_WORDS.sub(" ", text.lower()).split()).strip(" .-")


def entries(outline: Outline, start: int, end: int) -> Iterator[Entry]:
    """The non-blank lines from start to end (line indices) outside fences."""
    heading, label, label_indent = "", "", -1
    heading_line = label_line = -1
    lines, hidden = outline.lines, outline.hidden
    titles = {found.line: found.text for found in outline.headings_between(start, end)}
    for number in range(start, end):
        line = lines[number]
        if hidden[number] or len(line) > MAX_SYNTAX_CHARS or line.strip() in _NOTHING:
            continue
        if number in titles:
            heading, label = normal(titles[number]), ""
            heading_line, label_line = number, -1
            continue
        for indent, item, ticked, key, value, raw, shared in _parts(line):
            if label and _leaves(label_indent, indent, item, key):
                label, label_line = "", -1
            yield Entry(
                heading, label, key, value, raw, number, indent, item, ticked, shared,
                heading_line, label_line,
            )  # fmt: skip
            if key and not value:
                label, label_indent, label_line = key, indent if item else -1, number


def _leaves(label_indent: int, indent: int, item: bool, key: str) -> bool:
    """Whether a line ends the open label: a sibling of its item, or the next bold line."""
    if label_indent >= 0:
        return indent <= label_indent
    return bool(key) and not item


_Part = tuple[int, bool, bool | None, str, str, str, bool]


def _parts(line: str) -> Iterator[_Part]:
    found = _LINE.match(line.expandtabs(4))
    if found is None:
        return
    spaces, marker, box, rest = found.groups()
    ticked = None if box is None else box not in " -~"
    text = rest.strip()
    pieces = _pieces(text) if text.startswith("**") else [text]
    for piece in pieces:
        key, value = _key_and_value(piece)
        yield len(spaces), marker is not None, ticked, key, value, piece, len(pieces) > 1


def _pieces(text: str) -> list[str]:
    """`**Priority**: High | **Status**: Done`, also with a comma or only spaces between them."""
    if text.count("**") < 4 and "|" not in text:
        return [text]
    pieces = []
    for part in text.split("|"):
        cuts = [0, *(found.start() for found in _LABEL.finditer(part)), len(part)]
        pieces += [piece for a, b in pairwise(cuts) if (piece := part[a:b].strip(" ,;·"))]
    return pieces if len(pieces) > 1 else [text]


def _key_and_value(text: str) -> tuple[str, str]:
    found = _BOLD.match(text) if text[:2] in ("**", "__") else None
    if found and (found[2] or found[3] or not found[4]):
        return normal(found[1]), found[4].strip()
    plain = _PLAIN.match(text) if ": " in text else None
    if plain and normal(plain[1]) in _PLAIN_KEYS:
        return normal(plain[1]), plain[2].strip()
    return "", text
