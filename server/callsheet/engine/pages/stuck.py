"""Waiting tasks that can never become ready as things are, and what they are stuck behind.

In a large plan almost everything may be stuck behind one failure, so both walks are bounded, and a
count that a bound cut short is called "at least". For the few tasks that a page shows, the way up
is walked through what is unmet; those with the same unmet needs, such as all of a phase, share it.
"""

from typing import NamedTuple

from callsheet.model.pages import StuckLine
from callsheet.store.port import Op
from callsheet.store.sql import pages as sql

NEEDS_LOOKED_AT = 50
REACH_DOWN = 5_000
REACH_UP = 500
NAMED = 20


class Stuck(NamedTuple):
    """The first stuck tasks in plan order, how many there are, and whether there may be more."""

    lines: tuple[StuckLine, ...]
    total: int
    at_least: bool


def stuck_tasks(plan_id: int, most: int) -> Op[Stuck]:
    """What is stuck in a plan; at most `most` lines."""
    rows = yield sql.STUCK, {"plan": plan_id, "most": most, "reach": REACH_DOWN}
    known: dict[tuple[int, ...], tuple[str, ...]] = {}
    lines = []
    for task_id, key, title, *_ in rows:
        unmet = yield sql.UNMET_IDS, {"task": task_id, "most": NEEDS_LOOKED_AT}
        needs = tuple(int(number) for (number,) in unmet)
        if needs not in known:
            known[needs] = yield from _behind(task_id, needs)
        lines.append(StuckLine(key, title, known[needs][:NAMED], len(known[needs])))
    total, reached = rows[0][3:] if rows else (0, 0)
    return Stuck(tuple(lines), total, reached >= REACH_DOWN)


def _behind(task_id: int, needs: tuple[int, ...]) -> Op[tuple[str, ...]]:
    """What needs somebody, upstream; when that is too far away, what the task waits for."""
    ids = ", ".join(str(number) for number in needs)
    rows = yield sql.BEHIND.format(ids=ids), {"reach": REACH_UP}
    if not rows:
        rows = yield sql.UNMET, {"task": task_id, "most": NAMED}
    return tuple(key for (key,) in rows)
