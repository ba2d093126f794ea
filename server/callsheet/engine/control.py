"""Steering a run: pause, resume, drain, cancel, and its parallel limit."""

import json
from typing import Any

from callsheet.engine import lookup, sweep
from callsheet.engine.budgets import spent
from callsheet.engine.env import Caller, Env
from callsheet.engine.fit import listed
from callsheet.engine.ledger import Ledger
from callsheet.engine.times import iso
from callsheet.model.errors import CallsheetError
from callsheet.model.outlook import RunInfo
from callsheet.store.port import Op
from callsheet.store.rows import PlanRow, RunRow
from callsheet.store.sql import runs as sql

SCOPE_BYTES = 4_000
NOTES = {
    "pause": "Nothing more is handed out; holders are told to pause and keep their leases.",
    "resume": "Tasks are handed out again.",
    "drain": "Running tasks are finished, no new ones are handed out; then the run is paused.",
    "cancel": "The run is over. Holders are told to stop; what they still complete counts.",
}


def control(
    env: Env, caller: Caller, plan_name: str | None, action: str | None, parallel: int | None
) -> Op[RunInfo]:
    """Do `action` or set the parallel limit, or both. NO_RUN when there is nothing to steer."""
    if action is None and parallel is None:
        raise CallsheetError(
            "BAD_ARGUMENT",
            "Neither an action nor a parallel limit was given.",
            "Give action (pause, resume, drain, cancel), or parallel, or both.",
        )
    ledger = yield from sweep.open_ledger(env, caller)
    plan = yield from lookup.plan(plan_name)
    run = yield from lookup.unfinished_run(plan.id)
    if run is None:
        raise CallsheetError(
            "NO_RUN",
            f"Plan {plan.name!r} has no unfinished run.",
            "start_run starts one, once the user wants it.",
        )
    if parallel is not None:
        rows = yield sql.SET_PARALLEL, {"run": run.id, "parallel": parallel}
        run = RunRow._make(rows[0])
        ledger.event("parallel_set", plan=plan.id, run=run.id, parallel=parallel)
    if action is not None:
        run = yield from ACTIONS[action](ledger, plan, run)
    yield from ledger.settle()
    return described(plan, run, note=NOTES[action] if action else None)


def described(plan: PlanRow, run: RunRow, **more: Any) -> RunInfo:
    """A run as agents and people see it."""
    return RunInfo(
        run=run.id,
        plan=plan.name,
        state=run.state,
        parallel=run.max_running,
        running=run.running,
        remaining=run.remaining,
        total=run.total,
        scope=_scope(json.loads(run.scope)),
        budgets=json.loads(run.budgets) or None,
        spent={name: used for name, used in spent(run).items() if used} or None,
        started_at=iso(run.started_at),
        parallel_now=run.slots if run.slots < run.max_running else None,
        ended_at=iso(run.ended_at) if run.ended_at is not None else None,
        max_attempts=run.max_attempts,
        max_silence_minutes=run.max_silence,
        max_runtime_minutes=run.max_runtime,
        **more,
    )


def _scope(scope: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in scope.items():
        shown |= listed(name, value, SCOPE_BYTES) if isinstance(value, list) else {name: value}
    return shown


def paused(ledger: Ledger, plan: PlanRow, run: RunRow) -> Op[RunRow]:
    """Hand out nothing; the clocks of silence and runtime stand still, leases don't."""
    if run.state == "paused":
        return run
    yield sql.HOLD_CLOCKS, {"run": run.id}
    return (yield from _set_state(ledger, plan, run, "paused", paused=ledger.now.mono))


def resumed(ledger: Ledger, plan: PlanRow, run: RunRow) -> Op[RunRow]:
    """Hand out again; the clocks go on from where they stood."""
    if run.state == "active":
        return run
    if run.paused_mono is not None:
        pause = max(0, ledger.now.mono - run.paused_mono)
        yield sql.MOVE_CLOCKS, {"run": run.id, "pause": pause}
    return (yield from _set_state(ledger, plan, run, "active"))


def drained(ledger: Ledger, plan: PlanRow, run: RunRow) -> Op[RunRow]:
    """Let what runs end; a run that has nothing running is paused at once."""
    if run.state == "paused" or run.running == 0:
        return (yield from paused(ledger, plan, run))
    return (yield from _set_state(ledger, plan, run, "draining"))


def cancelled(ledger: Ledger, plan: PlanRow, run: RunRow) -> Op[RunRow]:
    """End the run."""
    if run.paused_mono is not None:
        run = yield from resumed(ledger, plan, run)  # its holders' clocks go on
    return (yield from _set_state(ledger, plan, run, "cancelled", ended=ledger.now.wall))


ACTIONS = {"pause": paused, "resume": resumed, "drain": drained, "cancel": cancelled}


def _set_state(
    ledger: Ledger,
    plan: PlanRow,
    run: RunRow,
    state: str,
    *,
    paused: int | None = None,
    ended: int | None = None,
) -> Op[RunRow]:
    params = {"run": run.id, "state": state, "paused": paused, "ended": ended}
    rows = yield sql.SET_STATE, params
    ledger.event(f"run_{state}", plan=plan.id, run=run.id, was=run.state)
    return RunRow._make(rows[0])
