"""What the three pages have in common: tallies, effort, milestones, the time of the last change."""

from collections.abc import Mapping
from typing import NamedTuple

from callsheet.model.pages import Effort, MilestoneLine, Tally
from callsheet.store.port import Op, Rows
from callsheet.store.rows import PlanRow
from callsheet.store.sql import pages as sql

UNMET_NAMED = 5


class Barrier(NamedTuple):
    """The milestone of a phase."""

    phase_id: int
    id: int
    key: str
    title: str
    state: str
    unmet: int


def tally(counts: Mapping[str, int]) -> Tally:
    """Counts by state as a value."""
    return Tally(**counts)


def effort(rows: Rows) -> Effort:
    """Estimate against actual from the one row of its query."""
    [(estimated, actual, left, unestimated)] = rows
    return Effort(estimated or 0.0, actual or 0.0, left or 0.0, unestimated or 0)


def last_change(plan: PlanRow) -> Op[int]:
    """When the plan's last event was, in epoch milliseconds."""
    rows = yield sql.LAST_CHANGE, {"plan": plan.id}
    return int(rows[0][0]) if rows else plan.loaded_at


def milestones(plan_id: int) -> Op[list[Barrier]]:
    """The milestones of a plan's phases, in plan order."""
    rows = yield sql.MILESTONES, {"plan": plan_id}
    return [Barrier._make(row) for row in rows]


def milestone_line(plan: PlanRow, barrier: Barrier) -> Op[MilestoneLine]:
    """When a milestone was met, or some of what it waits for."""
    if barrier.state == "done":
        return MilestoneLine(barrier.key, barrier.title, (yield from met_ms(plan, barrier)))
    rows = yield sql.UNMET, {"task": barrier.id, "most": UNMET_NAMED}
    waits = tuple(key for (key,) in rows)
    return MilestoneLine(barrier.key, barrier.title, None, waits, barrier.unmet)


def met_ms(plan: PlanRow, barrier: Barrier) -> Op[int]:
    """When a milestone that is met was met; with the load when all of it was done by then."""
    rows = yield sql.MILESTONE_MET, {"task": barrier.id}
    return int(rows[0][0]) if rows else plan.loaded_at
