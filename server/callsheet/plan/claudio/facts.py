"""What one place says about one task, whichever file it stands in.

tasks.md, plan files, phase pages, task folders and summary tables all use the same few labels, so
one kind of value serves them all. Nothing is resolved here: dependencies stay text with file and
line, and the describing text remembers which of its parts a field repeats.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from callsheet.plan.draft import Priority, SourceState


class Value(NamedTuple):
    """A dependency value as written, and where."""

    text: str
    file: str
    line: int


class Claim(NamedTuple):
    """That a part of a text says just what a field holds, with the value that it says."""

    field: str
    value: object


NOTHING = Claim("", None)
"""Stands for a piece of a line that no field holds, beside others on the line that one does."""


@dataclass(slots=True)
class Body:
    """A text that describes a task, as parts: the lines of a section, or the cells of a row.

    Parts are numbered from `first`. `claims` are those whose text fields repeat; `frames` are
    headings and labels as (part, end): one goes when all that stands under it goes.
    """

    parts: list[str]
    first: int = 0
    glue: str = "\n"
    claims: dict[int, list[Claim]] = field(default_factory=dict)
    frames: list[tuple[int, int]] = field(default_factory=list)

    @property
    def is_row(self) -> bool:
        """Whether it is a table's row, which says less than a section."""
        return self.glue != "\n"


@dataclass(slots=True)
class Facts:
    """What one place says. None and empty mean that it says nothing about it.

    A criterion of `acceptance` is in pieces, since it may go on over many lines.
    `number` is the id as written; `folder` the name in its Directory field; `listed` tells that
    the acceptance criteria are list items; `unknown` are values that fit no field.
    """

    title: str
    file: str
    line: int
    number: str | None = None
    depends: list[Value] | None = None
    blocks: list[Value] = field(default_factory=list)
    estimate_hours: float | None = None
    priority: Priority | None = None
    type: str | None = None
    route: str | None = None
    state: SourceState | None = None
    acceptance: list[list[str]] = field(default_factory=list)
    ticked: int = 0
    listed: bool = False
    paths: dict[str, None] = field(default_factory=dict)
    folder: str | None = None
    optional: bool = False
    bodies: list[Body] = field(default_factory=list)
    unknown: list[Value] = field(default_factory=list)
