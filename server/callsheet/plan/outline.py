"""The block structure of a Markdown file: headings, tables, and which lines are code.

Importers need to know where sections begin and end and what stands inside fences, for files of up
to 10 MB. A full CommonMark parse of such a file takes 6.6 s and 330 MB for block tokens alone
(100,000 short sections), so this is a scanner over lines: a few string tests a line, linear in the
size of the file whatever stands in it. The tests hold it against markdown-it-py.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_SYNTAX_CHARS = 2_000
"""A longer line is text: headings, fields and table rows that people write are shorter."""

_FENCE = re.compile(r"[ \t]*(?:(?:[-*+>]|\d{1,9}[.)])[ \t]+)*(`{3,}|~{3,})(.*)\Z")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?\Z")
_CLOSING_MARKS = re.compile(r"(?:^|[ \t])#+\Z")
_DELIMITER_CELL = re.compile(r":?-+:?\Z")


@dataclass(frozen=True, slots=True)
class Heading:
    """An ATX heading. `line` is the index into `Outline.lines` (0-based)."""

    level: int
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """A pipe table: header cells, and rows as (line index, cells)."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(slots=True)
class Outline:
    """One scanned file. `hidden[i]` is true for lines inside fences and HTML comments."""

    lines: list[str]
    hidden: bytearray
    headings: list[Heading] = field(default_factory=list)
    unclosed: list[int] = field(default_factory=list)
    heading_lines: list[int] = field(default_factory=list)

    def section_end(self, index: int) -> int:
        """Line index after the section of `headings[index]`: the next of its level or above."""
        level = self.headings[index].level
        for later in range(index + 1, len(self.headings)):
            if self.headings[later].level <= level:
                return self.headings[later].line
        return len(self.lines)

    def headings_between(self, start: int, end: int) -> list[Heading]:
        """The headings on lines start ≤ line < end."""
        low = bisect_left(self.heading_lines, start)
        return self.headings[low : bisect_left(self.heading_lines, end, low)]

    def tables(self, start: int, end: int) -> Iterator[Table]:
        """The pipe tables between the two lines, outside fences."""
        line = start
        while line + 1 < end:
            if self._is_row(line) and self._is_delimiter(line + 1):
                last = line + 2
                while last < end and self._is_row(last):
                    last += 1
                rows = tuple((at, cells(self.lines[at])) for at in range(line + 2, last))
                yield Table(cells(self.lines[line]), rows)
                line = last
            else:
                line += 1

    def _is_row(self, line: int) -> bool:
        text = self.lines[line]
        return not self.hidden[line] and "|" in text and len(text) <= MAX_SYNTAX_CHARS

    def _is_delimiter(self, line: int) -> bool:
        if not self._is_row(line):
            return False
        return all(_DELIMITER_CELL.match(cell) for cell in cells(self.lines[line]))


def cells(line: str) -> tuple[str, ...]:
    """The cells of a table row, stripped; `\\|` is a pipe inside a cell."""
    row = line.strip().replace("\\|", "\0")
    row = row.removeprefix("|")
    row = row.removesuffix("|")
    return tuple(cell.strip().replace("\0", "|") for cell in row.split("|"))


def scan(text: str) -> Outline:
    """The outline of a Markdown text. Linear in its size; never fails."""
    lines = text.split("\n")
    outline = Outline(lines, bytearray(len(lines)))
    if "```" in text or "~~~" in text or "<!--" in text:
        _hide_code(outline)
    for number, line in enumerate(lines):
        if "#" in line[:4] and not outline.hidden[number] and len(line) <= MAX_SYNTAX_CHARS:
            found = _HEADING.match(line)
            if found:
                title = _CLOSING_MARKS.sub("", (found[2] or "").strip()).strip()
                outline.headings.append(Heading(len(found[1]), title, number))
                outline.heading_lines.append(number)
    return outline


def _hide_code(outline: Outline) -> None:
    """Mark fenced lines and HTML comments; note fences and comments that never end."""
    fences = _fence_lines(outline.lines)
    closers = _Closers(fences)
    comment_ends = [at for at, line in enumerate(outline.lines) if "-->" in line]
    number = 0
    while number < len(outline.lines):
        if number in fences:
            end = closers.after(number, fences[number]) if fences[number].opens else number
        elif outline.lines[number].lstrip()[:4] == "<!--":
            at = bisect_left(comment_ends, number)
            end = comment_ends[at] if at < len(comment_ends) else None
        else:
            number += 1
            continue
        if end is None:
            outline.unclosed.append(number)
            number += 1
            continue
        outline.hidden[number : end + 1] = b"\1" * (end + 1 - number)
        number = end + 1


@dataclass(frozen=True, slots=True)
class _Fence:
    mark: str
    length: int
    opens: bool
    closes: bool
    named: bool


def _fence_lines(lines: list[str]) -> dict[int, _Fence]:
    fences: dict[int, _Fence] = {}
    for number, line in enumerate(lines):
        if ("```" in line or "~~~" in line) and len(line) <= MAX_SYNTAX_CHARS:
            found = _FENCE.match(line)
            if found:
                mark, info = found[1][0], found[2].strip()
                opens = not (mark == "`" and "`" in info)
                bare = not info and line.lstrip()[0] == mark
                fences[number] = _Fence(mark, len(found[1]), opens, bare, bool(info))
    return fences


class _Closers:
    """Finds the line that closes a fence without ever scanning the same lines twice in vain."""

    def __init__(self, fences: dict[int, _Fence]) -> None:
        self._lines: dict[str, list[int]] = {"`": [], "~": []}
        self._longest: dict[str, list[int]] = {"`": [], "~": []}
        self._fences = fences
        for number, fence in fences.items():
            if fence.closes:
                self._lines[fence.mark].append(number)
        for mark, lines in self._lines.items():
            longest = 0
            for number in reversed(lines):
                longest = max(longest, fences[number].length)
                self._longest[mark].append(longest)
            self._longest[mark].reverse()

    def after(self, number: int, opener: _Fence) -> int | None:
        lines = self._lines[opener.mark]
        at = bisect_left(lines, number + 1)
        if at == len(lines) or self._longest[opener.mark][at] < opener.length:
            return None
        while self._fences[lines[at]].length < opener.length:
            at += 1
        return lines[at]
