"""What the end, or the return, of one task does to those that depend on it.

Milestones and containers are nodes that need all their members, so that a phase boundary costs
one edge a task rather than one a pair; what meets them spreads on.
"""

from collections import deque

from callsheet.engine.ledger import Ledger
from callsheet.model.states import MET
from callsheet.store.port import Op
from callsheet.store.rows import TaskRow
from callsheet.store.sql import graph as sql


def met(ledger: Ledger, task_id: int) -> Op[list[str]]:
    """A task became done or skipped. Returns the keys of the tasks that are ready because of it."""
    ready: list[TaskRow] = []
    queue = deque([task_id])
    while queue:
        rows = yield sql.MET, {"id": queue.popleft()}
        for row in map(TaskRow._make, rows):
            if row.unmet or row.state not in ("ready", "done"):
                continue
            if row.kind == "task" and row.state == "ready":
                ledger.moved(row, "waiting", "ready")
                ready.append(row)
            elif row.kind != "task" and row.state == "done":
                queue.append(row.id)
                _note_barrier(ledger, row, "met")
    return [row.key for row in sorted(ready, key=lambda row: (row.rank, row.ord))]


def unmet(ledger: Ledger, task_id: int) -> Op[list[str]]:
    """A task that counted as met no longer does. Returns the keys of those that wait again.

    Running tasks are not disturbed, done ones stay done.
    """
    waiting: list[str] = []
    queue = deque([task_id])
    while queue:
        current = {"id": queue.popleft()}
        rows = yield sql.DEPENDENTS, current
        yield sql.UNMET, current
        for row in map(TaskRow._make, rows):
            if (yield from back_to_waiting(ledger, row)):
                if row.kind == "task":
                    waiting.append(row.key)
                elif row.state in MET:
                    queue.append(row.id)
    return waiting


def back_to_waiting(ledger: Ledger, row: TaskRow) -> Op[bool]:
    """Make a task wait for a dependency it did not have before. False when its state forbids."""
    movable = ("ready", "delayed") if row.kind == "task" else ("done",)
    if row.state not in movable:
        return False
    yield sql.BACK_TO_WAITING, {"id": row.id}
    ledger.moved(row, row.state, "waiting")
    if row.kind != "task":
        _note_barrier(ledger, row, "open again")
    return True


def stuck_behind(task_id: int) -> Op[list[str]]:
    """Keys of all waiting tasks downstream, in plan order."""
    rows = yield sql.STUCK_BEHIND, {"id": task_id}
    return [key for (key,) in rows]


def _note_barrier(ledger: Ledger, row: TaskRow, what: str) -> None:
    ledger.event(f"{row.kind} {what}", plan=row.plan_id, task=row.id, key=row.key)
