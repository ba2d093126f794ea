"""The lines of a section as labelled entries: `**Priority**: High`, `- **Effort**: 2 days`, items.

An entry knows under which heading and which open label it stands, because the same words mean
different things: `**Dependencies**: clap, tokio` under Technical Requirements names libraries.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

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
_NOTHING = frozenset({"", "---", "***", "___", "- - -"})
_NOT_WORDS = re.compile(r"[^\w/&#. -]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `key` is "" for plain text; `heading` and `label` are what it stands under.

    `indent` counts columns; `item` says whether it is a list item; `ticked` is its checkbox.
    `raw` is the text with its key, without list marker and checkbox.
    """

    heading: str
    label: str
    key: str
    value: str
    raw: str
    line: int
    indent: int
    item: bool
    ticked: bool | None

    @property
    def context(self) -> str:
        """The closest label or heading above, normalised; "" directly under the section's own."""
        return self.label or self.heading


def normal(text: str) -> str:
    """A heading or label in lower case without emoji and punctuation."""
    return " ".join(_NOT_WORDS.sub(" ", text.lower()).split()).strip(" .-")


def entries(outline: Outline, start: int, end: int) -> Iterator[Entry]:
    """The non-blank lines from start to end (line indices) outside fences."""
    heading, label, label_indent = "", "", -1
    titles = {found.line: found.text for found in outline.headings_between(start, end)}
    for number in range(start, end):
        line = outline.lines[number]
        if outline.hidden[number] or line.strip() in _NOTHING or len(line) > MAX_SYNTAX_CHARS:
            continue
        if number in titles:
            heading, label = normal(titles[number]), ""
            continue
        for indent, item, ticked, key, value, raw in _parts(line):
            if label and _leaves(label_indent, indent, item, key):
                label = ""
            yield Entry(heading, label, key, value, raw, number, indent, item, ticked)
            if key and not value:
                label, label_indent = key, indent if item else -1


def _leaves(label_indent: int, indent: int, item: bool, key: str) -> bool:
    """Whether a line ends the open label: a sibling of its item, or the next bold line."""
    if label_indent >= 0:
        return indent <= label_indent
    return bool(key) and not item


_Part = tuple[int, bool, bool | None, str, str, str]


def _parts(line: str) -> Iterator[_Part]:
    found = _LINE.match(line.expandtabs(4))
    if found is None:
        return
    indent, item = len(found[1]), found[2] is not None
    ticked = None if found[3] is None else found[3] not in " -~"
    text = found[4].strip()
    pieces = [text]
    if text.startswith("**") and "|" in text:
        pieces = [piece.strip() for piece in text.split("|")]
    for piece in pieces:
        key, value = _key_and_value(piece)
        yield indent, item, ticked, key, value, piece


def _key_and_value(text: str) -> tuple[str, str]:
    found = _BOLD.match(text) if text[:2] in ("**", "__") else None
    if found and (found[2] or found[3] or not found[4]):
        return normal(found[1]), found[4].strip()
    plain = _PLAIN.match(text)
    if plain and normal(plain[1]) in _PLAIN_KEYS:
        return normal(plain[1]), plain[2].strip()
    return "", text
