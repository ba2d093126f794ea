"""Who shows a claim: the check that every call of a holder passes, and what it finds.

A claim is good while its attempt is the task's last one and nobody ended it. An attempt whose
lease was lost still counts while nobody has superseded it nor taken its resources since.
"""

import json
from dataclasses import dataclass
from typing import Any

from callsheet.engine import holds
from callsheet.engine.ledger import Ledger
from callsheet.model import handle as handles
from callsheet.model.errors import CallsheetError
from callsheet.model.handle import Handle
from callsheet.store.port import Op
from callsheet.store.rows import AttemptRow, TaskRow
from callsheet.store.sql import names
from callsheet.store.sql import work as sql


@dataclass(frozen=True, slots=True)
class Holding:
    """A valid claim. Not `live`: the lease was lost, but the work still counts."""

    task: TaskRow
    attempt: AttemptRow

    @property
    def live(self) -> bool:
        return self.attempt.state == "live"


@dataclass(frozen=True, slots=True)
class Repeated:
    """The call that ended this attempt, made again: the answer it was given then."""

    answer: dict[str, Any]


def find(claim: str) -> Op[tuple[TaskRow, AttemptRow]]:
    """The rows of a claim by its handle. BAD_ARGUMENT when it was never issued; UNKNOWN_TASK."""
    handle = handles.parse(claim)
    rows = yield sql.BY_CLAIM, {"key": handle.key, "n": handle.attempt, "secret": handle.secret}
    if rows:
        width = len(TaskRow._fields)
        return TaskRow._make(rows[0][:width]), AttemptRow._make(rows[0][width:])
    known = yield names.KEY_ANYWHERE, {"key": handle.key}
    if not known:
        raise CallsheetError(
            "UNKNOWN_TASK",
            f"There is no task {handle.key[:80]!r}.",
            "Give the claim exactly as claim_task returned it.",
        )
    raise CallsheetError(
        "BAD_ARGUMENT",
        f"The claim {claim.strip()[:80]!r} was never issued.",
        "Look for a slip in it; get_progress with your agent name lists the claims you hold.",
    )


def shown(ledger: Ledger, claim: str, ending: str) -> Op[Holding | Repeated]:
    """Check a claim for a call that means to end its attempt as `ending` (done, failed, …).

    Errors: STALE_CLAIM, telling who holds the task now or how the attempt ended.
    """
    task, attempt = yield from find(claim)
    if attempt.state == "live" and task.attempt == attempt.n:
        return Holding(task, attempt)
    if attempt.state == ending and attempt.answer is not None:
        return Repeated(json.loads(attempt.answer))
    if attempt.state == "lost" and task.attempt == attempt.n and task.state in ("delayed", "ready"):
        since = attempt.ended_seq or ledger.seq
        if not (yield from holds.taken_since(task.id, attempt.resources, since)):
            return Holding(task, attempt)
        raise _stale(claim, "its lease was lost and others have taken its resources since")
    raise _stale(claim, (yield from _what_happened(task, attempt)))


def _what_happened(task: TaskRow, attempt: AttemptRow) -> Op[str]:
    if task.attempt != attempt.n:
        rows = yield sql.LAST_ATTEMPT, {"task": task.id}
        last = AttemptRow._make(rows[0])
        if last.state == "live":
            return f"{last.agent!r} holds the task now (attempt {last.n})"
        return f"attempt {last.n} by {last.agent!r} came after it; the task is {task.state} now"
    if attempt.state in ("closed", "superseded"):
        return f"an operator ended the attempt; the task is {task.state} now"
    if attempt.state == "lost":
        return f"its lease was lost, and the task is {task.state} now"
    return f"the attempt ended as {attempt.state}, and the task is {task.state} now"


def _stale(claim: str, why: str) -> CallsheetError:
    return CallsheetError(
        "STALE_CLAIM",
        f"The claim {_masked(handles.parse(claim))} no longer counts: {why}.",
        "Stop working on it and leave its files alone; call claim_task for other work.",
    )


def _masked(handle: Handle) -> str:
    return f"{handle.key}@{handle.attempt}-…"
