"""An operator settles what agents can't: retry, unblock, skip, cancel, reopen."""

from collections.abc import Sequence

from callsheet.engine import attempts, holds, lookup, spread, sweep
from callsheet.engine.attempts import Landing
from callsheet.engine.env import Caller, Env
from callsheet.engine.ledger import Ledger
from callsheet.model.errors import CallsheetError
from callsheet.model.outcome import Resolved
from callsheet.model.states import CLOSED, MET, State
from callsheet.store.port import Op
from callsheet.store.rows import AttemptRow, TaskRow
from callsheet.store.sql import graph, names
from callsheet.store.sql import work as sql

ACTIONS: dict[str, tuple[frozenset[str], State]] = {
    "retry": (frozenset({"failed", "blocked", "delayed"}), "ready"),
    "unblock": (frozenset({"blocked"}), "ready"),
    "skip": (
        frozenset({"waiting", "ready", "running", "verifying", "delayed", "blocked", "failed"}),
        "skipped",
    ),
    "cancel": (
        frozenset({"waiting", "ready", "running", "verifying", "delayed", "blocked", "failed"}),
        "cancelled",
    ),
    "reopen": (frozenset({"done", "skipped", "cancelled"}), "ready"),
}
"""From which states each action leads, and where; ready becomes waiting where something is unmet."""


def resolve(
    env: Env, caller: Caller, plan_name: str | None, name: str, action: str, reason: str | None
) -> Op[Resolved]:
    """Do what an operator decided about a task.

    Errors: NOT_ALLOWED when the task's state forbids it, BAD_ARGUMENT for milestones and
    containers, which follow from what they contain.
    """
    ledger = yield from sweep.open_ledger(env, caller)
    plan = yield from lookup.plan(plan_name)
    task = yield from lookup.task(plan, name)
    if task.kind != "task":
        raise CallsheetError(
            "BAD_ARGUMENT",
            f"{task.key} is a {task.kind}; its state follows from what it contains.",
            "Resolve the tasks in it one by one.",
        )
    sources, target = ACTIONS[action]
    if task.state == target and target in CLOSED:
        return Resolved(task.key, action, task.state, task.state)  # said twice
    if task.state not in sources:
        raise CallsheetError(
            "NOT_ALLOWED",
            f"{task.key} is {task.state}; {action} is for {', '.join(sorted(sources))} tasks.",
            _hint(task.state),
        )
    moved, ready, again = yield from _move(ledger, task, target, reason)
    ledger.event(
        f"operator {action}",
        plan=plan.id,
        run=task.run_id,
        task=task.id,
        was=task.state,
        state=moved.state,
        reason=reason,
    )
    yield from ledger.settle()
    run = ledger.ended.get(task.run_id) if task.run_id is not None else None
    return Resolved(
        task.key, action, task.state, moved.state, tuple(ready[:20]), tuple(again[:20]), run
    )


def _move(
    ledger: Ledger, task: TaskRow, target: State, reason: str | None
) -> Op[tuple[TaskRow, list[str], list[str]]]:
    if task.state in ("running", "verifying"):
        yield from _close_attempt(ledger, task, reason)
    yield sql.SUPERSEDE, {"task": task.id, "n": task.attempt}
    if target in CLOSED:
        landing = Landing(target, task.tries, reason=reason)
        moved = yield from attempts.land(ledger, task, landing)
        ready = (yield from spread.met(ledger, task.id)) if target in MET else []
        return moved, ready, []
    again = (yield from spread.unmet(ledger, task.id)) if task.state in MET else []
    moved = yield from _to_ready(ledger, task)
    return moved, [moved.key] if moved.state == "ready" else [], again


def _to_ready(ledger: Ledger, task: TaskRow) -> Op[TaskRow]:
    """Back to ready with all attempts before it, or to waiting when something is unmet."""
    [(unmet,)] = yield graph.COUNT_UNMET, {"id": task.id}
    target: State = "waiting" if unmet else "ready"
    return (yield from attempts.land(ledger, task._replace(unmet=0), Landing(target, tries=0)))


def _close_attempt(ledger: Ledger, task: TaskRow, reason: str | None) -> Op[None]:
    rows = yield sql.LAST_ATTEMPT, {"task": task.id}
    attempt = AttemptRow._make(rows[0])
    if attempt.state == "live":
        ledger.runs[attempt.run_id].running -= 1
        yield from attempts.count_minutes(ledger, attempt)
    yield from attempts.end(ledger, attempt, "closed", error=reason)
    yield from holds.give_back(task.id, attempt.resources)


def retry_all(ledger: Ledger, tasks: Sequence[int]) -> Op[int]:
    """Retry every failed task of these. Returns how many there were."""
    count = 0
    for task_id in tasks:
        rows = yield names.TASK, {"task": task_id}
        task = TaskRow._make(rows[0])
        if task.state == "failed":
            count += 1
            yield sql.SUPERSEDE, {"task": task.id, "n": task.attempt}
            moved = yield from _to_ready(ledger, task)
            ledger.event("operator retry", plan=task.plan_id, task=task.id, state=moved.state)
    return count


def _hint(state: State) -> str:
    if state in CLOSED:
        return "reopen brings a closed task back."
    if state in ("failed", "blocked"):
        return "retry brings it back."
    return "skip and cancel end a task that is not closed."
