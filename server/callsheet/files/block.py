"""callsheet's own part of a file that otherwise belongs to somebody else.

    <!-- callsheet:begin plan=main rev=123 sum=9f86d081884c -->
    … what callsheet has to say …
    <!-- callsheet:end -->

Everything outside of it survives byte for byte: the functions work on bytes, cut one piece out and
put another in. A marker counts at the start of a line, outside of fenced code and of comments that
span lines, so that a file can show a block as an example; once a block has begun, the next end
marker ends it, whatever stands in between. A begin that meets another begin, or the end of the
file, first is the user's text. A block without `plan=`, written by hand, is a place for the first
plan that comes.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

from callsheet.files import lines as layout
from callsheet.plan.quoting import Quoting

_BEGIN = re.compile(rb"<!-- callsheet:begin((?: [a-z]+=[^\s>]*)*) -->[ \t]*$")
_END_MARKER = "<!-- callsheet:end -->"
_END = re.compile(_END_MARKER.encode() + rb"[ \t]*$")
_SUM_CHARS = 12
_REV_DIGITS = 18

Outcome = Literal["written", "unchanged", "newer_there"]


@dataclass(frozen=True, slots=True)
class Block:
    """What callsheet has to say about one plan. `rev` grows with every change of the plan.

    `heading` (already harmless text) is the title of a file that holds nothing else. `store` names
    the database that counts the revisions: those of another one say nothing about age, so a block
    from a database that is gone gives way.
    """

    plan: str
    rev: int
    body: str
    heading: str = ""
    store: str = ""

    def rendered(self, newline: bytes, *, titled: bool = False) -> bytes:
        """The block with its markers, without a line end after the last.

        The title is inside, so that a file which callsheet made is callsheet's as a whole.
        """
        body = _guarded(f"# {self.heading}\n\n{self.body}" if titled else self.body)
        store = f" store={_attribute(self.store)}" if self.store else ""
        title = " titled=yes" if titled else ""
        head = f"plan={_attribute(self.plan)} rev={self.rev}{store}{title}"
        begin = f"<!-- callsheet:begin {head} sum={_checksum(head, body)} -->"
        text = f"{begin}\n\n{body}\n\n{_END_MARKER}"
        return text.encode("utf-8", "replace").replace(b"\n", newline)


@dataclass(frozen=True, slots=True)
class Splice:
    """The answer of `splice`: the new content, None when the file is to stay as it is.

    `edited` tells that somebody changed what stood between the markers; it is about to be lost.
    """

    outcome: Outcome
    data: bytes | None = None
    edited: bool = False


@dataclass(frozen=True, slots=True)
class BrokenMarker:
    """A marker that belongs to no block. `line` is 1-based; `why` is a whole sentence."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class _Standing:
    """A block as it stands in a file: its lines, and its begin marker's attributes."""

    lines: range
    attributes: dict[str, str]
    body: str

    @property
    def rev(self) -> int:
        digits = self.attributes.get("rev", "")
        return int(digits) if digits.isdecimal() and len(digits) <= _REV_DIGITS else -1

    @property
    def untouched(self) -> bool:
        """Whether callsheet wrote it, its head included, and nobody changed it since."""
        head = " ".join(
            f"{name}={value}" for name, value in self.attributes.items() if name != "sum"
        )
        return self.attributes.get("sum") == _checksum(head, self.body)


def splice(content: bytes, block: Block) -> Splice:
    """Put `block` into `content`, in place of the one of the same plan that stands there.

    Without one it goes after the first heading, else below the other plans' blocks, else to the
    top, below a front matter. Nothing changes when the block there is newer, or the same. A block
    that was changed by hand is replaced whatever revision it claims.
    """
    rows = layout.split(content)
    blocks, _ = _scan(rows)
    standing = _of_plan(blocks, block.plan)
    if standing is None:
        newline = layout.newline(content)
        blank = not content.removeprefix(layout.BOM).strip()
        fresh = block.rendered(newline, titled=blank and bool(block.heading))
        return Splice("written", _inserted(content, rows, blocks, fresh, newline))
    start = rows[standing.lines[0]].start
    end = rows[standing.lines[-1]].start + len(_END_MARKER)
    before, there, after = content[:start], content[start:end], content[end:]
    titled = bool(block.heading) and "titled" in standing.attributes
    fresh = block.rendered(layout.newline(before + after), titled=titled)
    if there == fresh:
        return Splice("unchanged")
    same_store = standing.attributes.get("store", "") == _attribute(block.store)
    if standing.untouched and same_store and standing.rev > block.rev:
        return Splice("newer_there")
    edited = not standing.untouched and bool(standing.body)
    return Splice("written", before + fresh + after, edited)


def revisions(content: bytes, store: str) -> dict[str, int]:
    """The revision of each plan's block that `store` wrote and nobody changed since, by plan."""
    blocks, _ = _scan(layout.split(content))
    return {
        unquote(block.attributes.get("plan", "")): block.rev
        for block in reversed(blocks)
        if block.untouched and block.attributes.get("store", "") == _attribute(store)
    }


def broken_markers(content: bytes) -> tuple[BrokenMarker, ...]:
    """Markers that are taken for the user's text, and second blocks of a plan, for `doctor`."""
    blocks, broken = _scan(layout.split(content))
    seen: set[str] = set()
    for block in blocks:
        plan = block.attributes.get("plan", "")
        if plan in seen:
            why = "This is a second block of the same plan, which is never brought up to date."
            broken.append(BrokenMarker(block.lines[0] + 1, why))
        seen.add(plan)
    return tuple(sorted(broken, key=lambda marker: marker.line))


def _scan(rows: list[layout.Line]) -> tuple[list[_Standing], list[BrokenMarker]]:
    blocks: list[_Standing] = []
    broken: list[BrokenMarker] = []
    quoting = Quoting()
    number = layout.after_front_matter(rows)
    while number < len(rows):
        text = rows[number].text
        number += 1
        if quoting.covers(text):
            continue
        if begin := _BEGIN.match(text):
            end = _end_of(rows, number)
            if end is None:
                broken.append(BrokenMarker(number, "This block has no end before the next begin."))
            else:
                blocks.append(_standing(rows, range(number - 1, end + 1), begin[1]))
                number = end + 1
        elif _END.match(text):
            broken.append(BrokenMarker(number, "This end belongs to no begin."))
    return blocks, broken


def _end_of(rows: list[layout.Line], start: int) -> int | None:
    for number in range(start, len(rows)):
        if _END.match(rows[number].text):
            return number
        if _BEGIN.match(rows[number].text):
            return None
    return None


def _standing(rows: list[layout.Line], lines: range, head: bytes) -> _Standing:
    # Bytes that are not UTF-8 were not written by callsheet; replaced, they fail the checksum.
    pairs = (pair.partition("=") for pair in head.decode("utf-8", "replace").split())
    body = b"\n".join(rows[number].text for number in lines[1:-1])
    return _Standing(
        lines=lines,
        attributes={name: value for name, _, value in pairs},
        body=body.decode("utf-8", "replace").strip("\n"),
    )


def _of_plan(blocks: list[_Standing], plan: str) -> _Standing | None:
    for wanted in (_attribute(plan), None):
        for block in blocks:
            if block.attributes.get("plan") == wanted:
                return block
    return None


def _inserted(
    content: bytes,
    rows: list[layout.Line],
    blocks: list[_Standing],
    fresh: bytes,
    newline: bytes,
) -> bytes:
    above = layout.first_heading(rows, {line for block in blocks for line in block.lines})
    if above is None:
        above = blocks[-1].lines.stop if blocks else layout.after_front_matter(rows)
    bom = len(layout.BOM) if content.startswith(layout.BOM) else 0
    place = rows[above - 1].end if above else bom
    before, after = content[:place], content[place:]
    gap = newline if above else b""
    if above and not before.endswith(b"\n"):
        gap += newline
    below = newline if after and after.lstrip(b" \t\r")[:1] != b"\n" else b""
    return before + gap + fresh + newline + below + after


def _guarded(body: str) -> str:
    """`body` with its line ends unified and no marker in it: a page cannot end its own block."""
    text = body.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    return text.replace("<!-- callsheet:", "&lt;!-- callsheet:")


def _attribute(value: str) -> str:
    return quote(value, safe="", errors="replace")


def _checksum(head: str, body: str) -> str:
    text = f"{head}\n{body}".encode("utf-8", "replace")
    return hashlib.sha256(text).hexdigest()[:_SUM_CHARS]
