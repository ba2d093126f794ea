"""What a measurement found, and the table of all."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

Verdict = Literal["met", "MISSED", "skipped", "-"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. `figures` are the same facts as numbers, units in their names."""

    what: str
    asked: str
    seen: str
    verdict: Verdict
    figures: dict[str, float | int | str] = field(default_factory=dict)


def against(value: float, bar: float) -> Verdict:
    """Whether a value keeps below its bar."""
    return "met" if value <= bar else "MISSED"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` (0 to 1) of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(values: Sequence[float], unit: str = "ms", scale: float = 1000) -> str:
    """Median and 95th percentile as text."""
    return f"{median(values) * scale:.2f} (p95 {percentile(values, 0.95) * scale:.2f}) {unit}"


def table(lines: Iterable[Line]) -> str:
    """The table as text, one line each under its heading."""
    rows = [("what", "asked", "seen", "verdict")]
    rows += [(line.what, line.asked, line.seen, line.verdict) for line in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    padded = ["  ".join(cell.ljust(w) for cell, w in zip(r, widths, strict=True)) for r in rows]
    return "\n".join(line.rstrip() for line in padded)
