"""The pieces that pages are put together from: bars, tables, lists, times, durations.

Everything here is stable: the same values give the same bytes, so that a file changes only when
something happened.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from callsheet.model.pages import Tally
from callsheet.views.markdown import ELLIPSIS, NOTHING, code

T = TypeVar("T")

BAR_CELLS = 20
_LAST_MS = 253_402_300_799_000  # the end of the year 9999, where datetime ends
_ORDER = (
    "done",
    "running",
    "verifying",
    "ready",
    "delayed",
    "waiting",
    "blocked",
    "failed",
    "skipped",
    "cancelled",
)


def moment(ms: int | None) -> str:
    """A time as `2026-11-22T10:01Z`; a dash for none."""
    if ms is None:
        return NOTHING
    seconds = min(max(ms, 0), _LAST_MS) // 1000
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%MZ")


def duration(minutes: float | None) -> str:
    """Minutes as `45 min` or `3 h 20 min`; a dash for none."""
    if minutes is None:
        return NOTHING
    whole = max(0, round(minutes))
    if minutes > 0 and whole == 0:
        return "< 1 min"
    hours, rest = divmod(whole, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def percent(value: float | None) -> str:
    """A percentage between 0 and 100 without decimals; a dash for none."""
    return NOTHING if value is None else f"{min(max(value, 0.0), 100.0):.0f} %"


def bar(share: float, cells: int = BAR_CELLS) -> str:
    """A share from 0 to 1 as a bar. It is full only when everything is done, never before."""
    inside = min(max(share, 0.0), 1.0)
    full = cells if inside == 1.0 else int(inside * cells)
    return f"`{'█' * full}{'░' * (cells - full)}`"


def progress(tally: Tally) -> str:
    """The bar, the share rounded down so that 100 % means all, and the numbers behind it."""
    counting = tally.total - tally.cancelled
    return f"{bar(tally.share)} **{int(tally.share * 100)} %** · {tally.met} of {counting} tasks"


def counts(tally: Tally) -> str:
    """The states that occur, with their numbers: `3 done · 1 running`."""
    present = [f"{getattr(tally, state)} {state}" for state in _ORDER if getattr(tally, state)]
    return " · ".join(present) or "no tasks"


def keys(names: Sequence[str], total: int, shown: int = 5) -> str:
    """Keys as code, at most `shown` of them, with how many more there are."""
    listed = ", ".join(code(name) for name in names[:shown])
    more = max(total, len(names)) - min(shown, len(names))
    if not listed:
        return f"{more} more" if more > 0 else NOTHING
    return f"{listed} and {more} more" if more > 0 else listed


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table, padded to read well as plain text. A head ending in `:` is for numbers."""
    names = [head.rstrip(":") for head in heads]
    widths = [max(3, *map(len, column)) for column in zip(names, *rows, strict=True)]
    right = [head.endswith(":") for head in heads]
    rule = ["-" * (width - 1) + ("-:"[end]) for width, end in zip(widths, right, strict=True)]
    return [_row(cells, widths, right) for cells in (names, rule, *rows)]


def section(
    title: str,
    entries: Sequence[T],
    total: int,
    rows: int,
    render: Callable[[Sequence[T]], list[str]],
    *,
    at_least: bool = False,
) -> list[str]:
    """A headed list of the first `rows` entries, and how many more there are. Empty for none.

    `at_least`: `total` is only known to be so many.
    """
    if not entries:
        return []
    shown = entries[:rows]
    more = max(total, len(entries)) - len(shown)
    tail = ["", f"{ELLIPSIS} and {'at least ' * at_least}{more} more"] if more else []
    return ["", f"## {title}", "", *render(shown), *tail]


def bullets(render: Callable[[T], str]) -> Callable[[Sequence[T]], list[str]]:
    """Makes of a function for one entry one for a list of them."""
    return lambda entries: [f"- {render(entry)}" for entry in entries]


def joined(*pieces: str) -> str:
    """The pieces that are not empty, with ` · ` between them."""
    return " · ".join(piece for piece in pieces if piece)


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (
        cell.rjust(width) if end else cell.ljust(width)
        for cell, width, end in zip(cells, widths, right, strict=True)
    )
    return f"| {' | '.join(padded)} |"
