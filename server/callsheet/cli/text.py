"""Words on a terminal: aligned columns, bars, colours, and foreign text made harmless.

Texts of plans and agents pass through `say` or a `Cell` before they are printed, so they can't move
the cursor, recolour the screen or break a row. Colours vanish by themselves when the output is not
a terminal (click removes them) or when NO_COLOR is set.
"""

import shutil
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import click

from callsheet.views.markdown import ELLIPSIS, one_line

BAR_CELLS = 20
NARROWEST = 16
"""How far a growing column is cut at most."""
STATE_COLOURS = {
    "done": "green",
    "running": "cyan",
    "verifying": "cyan",
    "ready": "blue",
    "delayed": "yellow",
    "blocked": "red",
    "failed": "red",
    "error": "red",
    "warning": "yellow",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a row. `right` aligns numbers; `grows` marks the column that may be cut.

    A cell with a `share`, from 0 to 1, is a bar.
    """

    text: str
    colour: str | None = None
    right: bool = False
    grows: bool = False
    faint: bool = False
    share: float | None = None


def say(text: object, limit: int = 200) -> str:
    """Foreign text as one harmless line of at most `limit` characters."""
    return one_line(str(text), limit)


def state(name: str) -> Cell:
    return Cell(name, STATE_COLOURS.get(name))


def faint(text: object) -> Cell:
    return Cell(str(text), faint=True)


def number(value: object) -> Cell:
    return Cell("" if value is None else str(value), right=True)


def title(text: str) -> Cell:
    return Cell(text, grows=True)


def heading(text: str) -> str:
    return click.style(text, bold=True)


def progress(share: float) -> Cell:
    return Cell("█" * BAR_CELLS, share=share)


def bar(share: float, cells: int = BAR_CELLS) -> str:
    """A share from 0 to 1. Full only when all is done, and never empty once something is."""
    full = cells if share >= 1 else min(cells - 1, int(share * cells))
    return click.style("█" * full, fg="green") + click.style("░" * (cells - full), dim=True)


def minutes(value: float | None) -> str:
    """`30 s`, `45 min`, `3 h 20`, `70 h`: hours of work, never days, which have no fixed length."""
    if value is None:
        return ""
    whole = round(value)
    if whole < 1:
        return f"{round(value * 60)} s"
    hours, rest = divmod(whole, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02}" if rest else f"{hours} h"


def columns(rows: Iterable[Sequence[Cell | str]], indent: int = 2) -> list[str]:
    """Rows as aligned lines no wider than the terminal; the growing column gives way."""
    table = [[_cell(cell) for cell in row] for row in rows]
    if not table:
        return []
    widths = [max(_width(cell.text) for cell in column) for column in zip(*table, strict=True)]
    over = indent + sum(widths) + 2 * (len(widths) - 1) - screen_width()
    for place, cell in reversed(list(enumerate(table[0]))):  # the last one that can gives way first
        if cell.grows and over > 0:
            given = min(over, max(0, widths[place] - NARROWEST))
            widths[place] -= given
            over -= given
    return [(" " * indent + "  ".join(map(_fitted, row, widths))).rstrip() for row in table]


def screen_width() -> int:
    return shutil.get_terminal_size((120, 40)).columns


def _cell(cell: Cell | str) -> Cell:
    made = cell if isinstance(cell, Cell) else Cell(cell)
    return replace(made, text=say(made.text))


def _fitted(cell: Cell, width: int) -> str:
    if cell.share is not None:
        return bar(cell.share, width)
    text = cell.text if _width(cell.text) <= width else _cut(cell.text, width)
    gap = " " * (width - _width(text))
    plain = not (cell.colour or cell.faint)
    styled = text if plain else click.style(text, fg=cell.colour, dim=cell.faint or None)
    return gap + styled if cell.right else styled + gap


def _cut(text: str, width: int) -> str:
    while text and _width(text) >= width:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def _width(text: str) -> int:
    """Columns that `text` takes: East Asian wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
