"""Handing out a task: one transaction decides everything (DESIGN section 4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from callsheet.engine import choose, context, holds, limits, lookup, named, nothing, requests, sweep
from callsheet.engine.budgets import budget_spent
from callsheet.engine.env import Caller, Env
from callsheet.engine.fit import HELD_BYTES, within
from callsheet.engine.ledger import Ledger
from callsheet.engine.limits import Patience
from callsheet.engine.requests import Request
from callsheet.engine.rollback import RolledBack
from callsheet.model.handle import Handle
from callsheet.model.outcome import Claimed, Nothing
from callsheet.store.port import Op
from callsheet.store.rows import PlanRow, RunRow, TaskRow
from callsheet.store.sql import holds as holds_sql
from callsheet.store.sql import work as sql


@dataclass(frozen=True, slots=True)
class Wish:
    """What an agent asks for. No `types` means any; `task` names one."""

    plan: str | None = None
    task: str | None = None
    types: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    request_id: str | None = None

    def request(self, agent: str) -> Request:
        same = {"task": self.task, "types": self.types, "capabilities": self.capabilities}
        return Request(self.request_id, agent, "claim_task", same)


Answer = Claimed | Nothing | dict[str, object]
"""A dict is the answer that the same request was given before."""


def look(env: Env, caller: Caller, wish: Wish) -> Op[Nothing | None]:
    """A look without the lock, so that idle agents never write. None: a claim may find something."""
    now = env.clock.now()
    plan = yield from lookup.plan(wish.plan)
    if wish.task is not None or wish.request_id is not None:
        return None
    if (yield from sweep.anything_due(now)):
        return None
    run = yield from lookup.unfinished_run(plan.id)
    refusal = yield from refuse(env, caller, plan, run)
    if refusal is not None or run is None:
        return refusal
    kinds = yield from choose.classes(env, plan.id, wish.types, wish.capabilities)
    choice = yield from choose.choose(env, now, run, caller, kinds.served)
    if choice.task_id is not None or choice.park or choice.more or (yield holds_sql.LOOSE, {}):
        return None
    return (yield from nothing.explain(now, caller, plan, run, kinds))


def refuse(env: Env, caller: Caller, plan: PlanRow, run: RunRow | None) -> Op[Nothing | None]:
    """The answer when, whatever is ready, nothing may be handed out now."""
    closed = yield from nothing.closed_run(caller, plan, run)
    if closed is not None or run is None:
        return closed
    spent = yield from budget_spent(caller, run, env.clock.now())
    return spent or (yield from nothing.at_limit(env, caller, run))


def claim(env: Env, caller: Caller, wish: Wish, gone: Sequence[int] = ()) -> Op[Answer]:
    """Hand out the best task that the agent can serve, or the one it names.

    Raises `RolledBack` when there is nothing and nothing had to be written.
    """
    plan = yield from lookup.plan(wish.plan)
    request = wish.request(caller.agent)
    earlier = yield from requests.earlier_answer(request, plan.id)
    if earlier is not None:
        return earlier
    ledger = yield from sweep.open_ledger(env, caller)
    changed = yield from sweep.sweep(env, ledger, gone)
    if changed:
        yield from ledger.settle()  # limits must see the slots that were given back
    found = yield from _find(env, ledger, caller, plan, wish)
    if isinstance(found, Found):
        answer = yield from _hand_out(env, ledger, caller, plan, found, wish)
        yield from ledger.settle()
        yield from requests.keep_answer(request, plan.id, ledger, answer)
        return answer
    if not (changed or found.parked or ledger.written):
        raise RolledBack(found.answer)
    yield from ledger.settle()
    return found.answer


@dataclass(frozen=True, slots=True)
class Found:
    run: RunRow
    task_id: int


@dataclass(frozen=True, slots=True)
class NotFound:
    answer: Nothing
    parked: bool = False
    """Whether tasks were parked or woken on the way, which must not be lost."""


def _find(
    env: Env, ledger: Ledger, caller: Caller, plan: PlanRow, wish: Wish
) -> Op[Found | NotFound]:
    run = yield from lookup.unfinished_run(plan.id)
    chosen: int | Nothing | None = None
    if run is not None and run.state == "active" and wish.task is not None:
        # What is wrong with the name comes before what is wrong with the moment.
        chosen = yield from named.choose_named(env, caller, plan, run, wish.task, wish.capabilities)
    if isinstance(chosen, Nothing):
        return NotFound(chosen)
    refusal = yield from refuse(env, caller, plan, run)
    if run is None or refusal is not None:
        assert refusal is not None
        return NotFound(refusal)
    if chosen is not None:
        return Found(run, chosen)
    kinds = yield from choose.classes(env, plan.id, wish.types, wish.capabilities)
    parked = False
    while True:
        choice = yield from choose.choose(env, ledger.now, run, caller, kinds.served)
        if choice.park:
            parked = True
            now = ledger.now.mono
            yield holds_sql.PARK, [{"task": t, "on": on, "now": now} for t, on in choice.park]
        if choice.task_id is not None:
            return Found(run, choice.task_id)
        if choice.more:
            return NotFound((yield from nothing.search_on(caller)), parked)
        woken, written = yield from holds.wake_loose(choose.MOST_CANDIDATES)
        parked = parked or written
        if not woken:
            answer = yield from nothing.explain(ledger.now, caller, plan, run, kinds)
            return NotFound(answer, parked)


def _hand_out(
    env: Env, ledger: Ledger, caller: Caller, plan: PlanRow, found: Found, wish: Wish
) -> Op[Claimed]:
    slot = yield sql.TAKE_SLOT, {"run": found.run.id}
    rows = yield sql.MARK_RUNNING, {"task": found.task_id}
    assert slot and rows  # both were looked at under the same lock
    task = TaskRow._make(rows[0])
    ledger.moved(task, "ready", "running")
    handle = Handle(task.key, task.attempt, env.secret())
    also = yield sql.HOLDING, {"session": caller.session_id, "agent": caller.agent}
    held = tuple(within([key for (key,) in also], HELD_BYTES))
    allowed = limits.patience(env, task, found.run)
    yield from _begin_attempt(env, ledger, caller, found.run, task, handle.secret, allowed)
    yield from holds.take(task.id, task.resources)
    ledger.event(
        "claimed",
        plan=plan.id,
        run=found.run.id,
        task=task.id,
        attempt=task.attempt,
        resources=task.resources,
        capabilities=wish.capabilities or None,
    )
    phase = yield from lookup.phase_key(task.phase_id)
    most = limits.attempts(env, task, found.run)
    shown, files = yield from context.task_for_executor(task, phase, most)
    return Claimed(
        claim=str(handle),
        agent=caller.agent,
        report_within_minutes=allowed.report_within_minutes,
        lease_seconds=env.policy.lease_seconds,
        also_holding=held,
        task=shown,
        context=(yield from context.context(task, files, ledger.now)),
        plan=plan.name,
        also_holding_total=len(also) if len(held) < len(also) else None,
    )


def _begin_attempt(
    env: Env,
    ledger: Ledger,
    caller: Caller,
    run: RunRow,
    task: TaskRow,
    secret: str,
    allowed: Patience,
) -> Op[None]:
    mono = ledger.now.mono
    lease, silent = mono + env.policy.lease_ms, mono + allowed.silence_ms
    runtime = mono + allowed.runtime_ms
    yield (
        sql.ADD_ATTEMPT,
        {
            "task": task.id,
            "n": task.attempt,
            "fence": ledger.seq,
            "plan": task.plan_id,
            "run": run.id,
            "session": caller.session_id,
            "agent": caller.agent,
            "secret": secret,
            "resources": task.resources,
            "wall": ledger.now.wall,
            "mono": mono,
            "silence_ms": allowed.silence_ms,
            "lease_due": lease,
            "silent_due": silent,
            "runtime_due": runtime,
            "due": min(lease, silent, runtime),
        },
    )
