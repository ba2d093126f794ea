"""How an attempt ends, and where that leaves its task."""

from dataclasses import dataclass, replace

from callsheet.engine import holds, spread
from callsheet.engine.env import Env
from callsheet.engine.ledger import Ledger
from callsheet.model.states import State
from callsheet.store.port import Op
from callsheet.store.rows import AttemptRow, TaskRow
from callsheet.store.sql import names
from callsheet.store.sql import work as sql

LET_GO = "let go"
"""How an attempt is marked whose server ended cleanly: it used up no try."""


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a task lands when it stops running. None of `retry_due` … means that it has none."""

    state: State
    tries: int
    releases: int = 0
    retry_due: int | None = None
    reason: str | None = None
    actual: float | None = None


def minutes_spent(ledger: Ledger, attempt: AttemptRow) -> Op[float]:
    """Working minutes of a live attempt: the pauses of its run don't count, nor the present one."""
    [(paused,)] = yield sql.PAUSED_SINCE, {"run": attempt.run_id}
    until = ledger.now.mono if paused is None else paused
    return round(max(0, until - attempt.started_mono) / 60_000, 4)


def count_minutes(ledger: Ledger, attempt: AttemptRow) -> Op[float]:
    """Add an attempt's minutes to its run's, but for those counted when it was lost.

    Returns all its minutes.
    """
    minutes = yield from minutes_spent(ledger, attempt)
    ledger.runs[attempt.run_id].minutes += minutes - attempt.counted_minutes
    return minutes


def land(ledger: Ledger, task: TaskRow, landing: Landing) -> Op[TaskRow]:
    """Move a task out of its state, in the row and in the counters. Returns the new row."""
    yield (
        sql.MOVE,
        {
            "id": task.id,
            "state": landing.state,
            "tries": landing.tries,
            "releases": landing.releases,
            "retry_due": landing.retry_due,
            "reason": landing.reason,
            "actual": landing.actual,
            "ended_at": ledger.now.wall if landing.state == "done" else None,
        },
    )
    ledger.moved(task, task.state, landing.state)
    moved = task._replace(state=landing.state, tries=landing.tries, releases=landing.releases)
    if task.unmet and landing.state in ("ready", "delayed"):
        # A dependency came while it ran, which did not disturb it; now it waits for that.
        yield from spread.back_to_waiting(ledger, moved)
        moved = moved._replace(state="waiting")
    return moved


def stop_running(
    ledger: Ledger, task: TaskRow, attempt: AttemptRow, landing: Landing
) -> Op[TaskRow]:
    """A live attempt is over: free its slot and resources and move the task."""
    ledger.runs[attempt.run_id].running -= 1
    yield from count_minutes(ledger, attempt)
    moved = yield from land(ledger, task, landing)
    yield from holds.give_back(task.id, attempt.resources)
    return moved


def end(
    ledger: Ledger,
    attempt: AttemptRow,
    state: str,
    *,
    error: str | None = None,
    error_kind: str | None = None,
    summary: str | None = None,
    handoff: str | None = None,
    artifacts: str | None = None,
    acceptance: str | None = None,
    answer: str | None = None,
) -> Op[None]:
    """Write the end of an attempt into its row."""
    yield (
        sql.END_ATTEMPT,
        {
            "id": attempt.id,
            "state": state,
            "at": ledger.now.wall,
            "seq": ledger.seq,
            "error": error,
            "error_kind": error_kind,
            "summary": summary,
            "handoff": handoff,
            "artifacts": artifacts,
            "acceptance": acceptance,
            "tokens": attempt.tokens,
            "cost_usd": attempt.cost_usd,
            "answer": answer,
        },
    )


def max_attempts(env: Env, task: TaskRow) -> Op[int]:
    """The task's own limit, else its run's, else the project's."""
    if task.max_attempts is not None:
        return task.max_attempts
    if task.run_id is not None:
        rows = yield "SELECT max_attempts FROM run WHERE id = :run", {"run": task.run_id}
        if rows and rows[0][0] is not None:
            return int(rows[0][0])
    return env.policy.max_attempts


def lose(env: Env, ledger: Ledger, attempt: AttemptRow, why: str, *, counts: bool) -> Op[None]:
    """Take a silent holder's task back. It may still complete, until somebody supersedes it.

    `counts` is whether the attempt is used up: not when its server ended cleanly.
    """
    rows = yield names.TASK, {"task": attempt.task_id}
    task = TaskRow._make(rows[0])
    tries = task.tries if counts else max(0, task.tries - 1)
    landing = Landing("delayed", tries, retry_due=ledger.now.mono, reason=why)
    if counts and tries >= (yield from max_attempts(env, task)):
        landing = replace(landing, state="failed", retry_due=None, reason=f"{why} {tries} times")
    moved = yield from stop_running(ledger, task, attempt, landing)
    minutes = yield from minutes_spent(ledger, attempt)
    yield sql.COUNTED, {"id": attempt.id, "minutes": minutes}
    yield from end(ledger, attempt, "lost", error=why, error_kind="lost" if counts else LET_GO)
    ledger.event(
        "attempt lost",
        plan=task.plan_id,
        run=attempt.run_id,
        task=task.id,
        attempt=attempt.n,
        holder=attempt.agent,
        why=why,
        state=moved.state,
        counts=counts,
    )
