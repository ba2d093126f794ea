"""Waiting tasks that can never become ready as things are, and what they are stuck behind.

How many there are is counted exactly. For the few that a page shows, the way up is walked through
what is unmet; tasks with the same unmet needs, such as all of a later phase, share one walk.
"""

from callsheet.model.pages import StuckLine
from callsheet.store.port import Op
from callsheet.store.sql import pages as sql

NEEDS_LOOKED_AT = 50
WALKED = 2_000
NAMED = 20


def stuck_lines(plan_id: int, most: int) -> Op[tuple[tuple[StuckLine, ...], int]]:
    """The first of them in plan order, and how many there are in all."""
    rows = yield sql.STUCK, {"plan": plan_id, "most": most}
    known: dict[tuple[int, ...], tuple[str, ...]] = {}
    lines = []
    for task_id, key, title, _ in rows:
        unmet = yield sql.UNMET_IDS, {"task": task_id, "most": NEEDS_LOOKED_AT}
        needs = tuple(int(number) for (number,) in unmet)
        if needs not in known:
            known[needs] = yield from _behind(task_id, needs)
        lines.append(StuckLine(key, title, known[needs][:NAMED], len(known[needs])))
    return tuple(lines), rows[0][3] if rows else 0


def _behind(task_id: int, needs: tuple[int, ...]) -> Op[tuple[str, ...]]:
    """What needs somebody, upstream; when that is too far away, what the task waits for."""
    ids = ", ".join(str(number) for number in needs)
    rows = yield sql.BEHIND.format(ids=ids), {"most": WALKED}
    if not rows:
        rows = yield sql.UNMET, {"task": task_id, "most": NAMED}
    return tuple(key for (key,) in rows)
