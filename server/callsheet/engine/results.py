"""How a holder ends its attempt: completed, failed, released. Each is safe to repeat."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from callsheet.engine import attempts, holding, requests, spread, sweep
from callsheet.engine.attempts import Landing
from callsheet.engine.env import Caller, Env
from callsheet.engine.holding import Holding, Repeated
from callsheet.engine.ledger import Ledger
from callsheet.engine.times import iso
from callsheet.model.outcome import Completed, Failed, Progress, Released, to_answer
from callsheet.store.port import Op
from callsheet.store.rows import AttemptRow, TaskRow
from callsheet.store.sql import work as sql

LISTED = 20


@dataclass(frozen=True, slots=True)
class Spent:
    """Totals of the attempt so far, so that saying them twice adds nothing. None: not told."""

    tokens: int | None = None
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What a completed attempt leaves behind."""

    summary: str
    artifacts: Sequence[Mapping[str, str]] = ()
    handoff: str | None = None
    acceptance: Sequence[str] = ()


def complete(
    env: Env, caller: Caller, claim: str, work: Work, spent: Spent
) -> Op[Completed | Repeated]:
    """The work is done: the task is met, and what waited for it is ready."""
    ledger = yield from sweep.open_ledger(env, caller)
    found = yield from holding.shown(ledger, claim, "done")
    if isinstance(found, Repeated):
        return found
    ledger, attempt = _as_holder(ledger, found), (yield from spend(found.attempt, spent))
    minutes = yield from attempts.minutes_spent(ledger, attempt)
    landing = Landing("done", found.task.tries, actual=minutes)
    task = yield from _leave(ledger, found, landing)
    ready = yield from spread.met(ledger, task.id)
    ledger.runs[attempt.run_id].slots += 1
    ledger.event(
        "completed",
        plan=task.plan_id,
        run=attempt.run_id,
        task=task.id,
        attempt=attempt.n,
        minutes=minutes,
        late=None if found.live else True,
        ready=ready[:LISTED] or None,
    )
    yield from ledger.settle()
    answer = _completed(ledger, task, attempt, ready)
    yield from attempts.end(
        ledger,
        attempt,
        "done",
        summary=work.summary,
        handoff=work.handoff,
        artifacts=json.dumps([dict(a) for a in work.artifacts]) if work.artifacts else None,
        acceptance=json.dumps(list(work.acceptance)) if work.acceptance else None,
        answer=_stored(answer),
    )
    return answer


def _completed(
    ledger: Ledger, task: TaskRow, attempt: AttemptRow, ready: Sequence[str]
) -> Completed:
    # A lost attempt that completes after all may belong to an earlier run than its task now does.
    run = task.run_id if task.run_id in ledger.progress else attempt.run_id
    remaining, total = ledger.progress[run]
    done = total - remaining
    return Completed(
        task=task.key,
        state=task.state,
        gates=(),
        newly_ready=tuple(ready[:LISTED]),
        progress=Progress(done, total, 100 * done // total if total else 100),
        run=ledger.ended.get(run),
        newly_ready_total=len(ready) if len(ready) > LISTED else None,
    )


@dataclass(frozen=True, slots=True)
class Failure:
    error: str
    kind: str = "transient"
    retry_after_seconds: float | None = None
    handoff: str | None = None


def fail(env: Env, caller: Caller, claim: str, failure: Failure) -> Op[Failed | Repeated]:
    """The attempt failed. Transient errors and rate limits are tried again after a while."""
    ledger = yield from sweep.open_ledger(env, caller)
    found = yield from holding.shown(ledger, claim, "failed")
    if isinstance(found, Repeated):
        return found
    ledger = _as_holder(ledger, found)
    limit = yield from attempts.max_attempts(env, found.task)
    row = {"task": found.task.id, "n": found.attempt.n}
    [(pauses,)] = yield sql.RATE_LIMITS_IN_A_ROW, row
    landing = _after_failure(env, ledger, found.task, failure, limit, pauses)
    if not found.live:  # too late to change anything
        landing = replace(landing, retry_due=found.task.retry_due)
    task = yield from _leave(ledger, found, landing)
    if failure.kind == "rate_limited":
        yield sql.SLOW_DOWN, {"run": found.attempt.run_id}
        ledger.runs[found.attempt.run_id].attempts -= 1
    stuck: list[str] = []
    if task.state in ("failed", "blocked"):
        stuck = yield from spread.stuck_behind(task.id)
    ledger.event(
        "failed",
        plan=task.plan_id,
        run=found.attempt.run_id,
        task=task.id,
        attempt=found.attempt.n,
        why=failure.kind,
        error=failure.error[:500],
        state=task.state,
    )
    yield from ledger.settle()
    answer = _failed(ledger, task, found.attempt, landing, limit, stuck)
    yield from attempts.end(
        ledger,
        found.attempt,
        "failed",
        error=failure.error,
        error_kind=failure.kind,
        handoff=failure.handoff,
        answer=_stored(answer),
    )
    return answer


def _after_failure(
    env: Env, ledger: Ledger, task: TaskRow, failure: Failure, limit: int, pauses: int
) -> Landing:
    """`pauses` are the rate limits that came right before this failure."""
    if failure.kind == "permanent":
        return Landing("failed", task.tries, reason=failure.error)
    if failure.kind == "blocked":
        return Landing("blocked", task.tries, reason=failure.error)
    # A rate limit says nothing about the task, so it uses up no attempt; but its pauses grow.
    limited = failure.kind == "rate_limited"
    tries = max(0, task.tries - 1) if limited else task.tries
    if not limited and tries >= limit:
        return Landing("failed", tries, reason=failure.error)
    seconds = failure.retry_after_seconds
    if seconds is None:
        times = pauses + 1 if limited else max(1, tries)
        seconds = env.policy.backoff.delay_seconds(times, env.dice.random())
    due = ledger.now.mono + round(seconds * 1000)
    return Landing("delayed", tries, retry_due=due, reason=failure.error)


def _failed(
    ledger: Ledger,
    task: TaskRow,
    attempt: AttemptRow,
    landing: Landing,
    limit: int,
    stuck: Sequence[str],
) -> Failed:
    delay = None if landing.retry_due is None else landing.retry_due - ledger.now.mono
    return Failed(
        task=task.key,
        state=task.state,
        attempt=attempt.n,
        max_attempts=limit,
        stuck=tuple(stuck[:LISTED]),
        retry_at=None if delay is None else iso(ledger.now.wall + delay),
        retry_after_seconds=None if delay is None else round(delay / 1000, 1),
        stuck_total=len(stuck) if len(stuck) > LISTED else None,
    )


def release(
    env: Env, caller: Caller, claim: str, reason: str | None, handoff: str | None
) -> Op[Released | Repeated]:
    """Give the task back untried. Not offered to the same holder for a while, unless it asks."""
    ledger = yield from sweep.open_ledger(env, caller)
    found = yield from holding.shown(ledger, claim, "released")
    if isinstance(found, Repeated):
        return found
    ledger, task = _as_holder(ledger, found), found.task
    landing = Landing("ready", max(0, task.tries - 1), task.releases + 1)
    if landing.releases >= env.policy.releases_in_a_row:
        why = f"released {landing.releases} times in a row; last reason: {reason or 'none given'}"
        landing = replace(landing, state="blocked", reason=why)
    moved = yield from _leave(ledger, found, landing)
    who = {"task": task.id, "session": ledger.caller.session_id, "agent": ledger.caller.agent}
    until = ledger.now.mono + round(env.policy.decline_minutes * 60_000)
    yield sql.FORGET_DECLINED, {"now": ledger.now.mono}
    yield sql.DECLINE, {**who, "until": until}
    ledger.event(
        "released",
        plan=task.plan_id,
        run=found.attempt.run_id,
        task=task.id,
        attempt=found.attempt.n,
        reason=reason and reason[:500],
        state=moved.state,
    )
    yield from ledger.settle()
    answer = Released(task.key, moved.state)
    yield from attempts.end(
        ledger, found.attempt, "released", error=reason, handoff=handoff, answer=_stored(answer)
    )
    return answer


def undo(env: Env, caller: Caller, claim: str, request_id: str | None = None) -> Op[None]:
    """Take back a hand-out whose answer never left: the task is ready as if it had not been.

    The call may come again with the same `request_id` and must then find work anew.
    """
    ledger = yield from sweep.open_ledger(env, caller)
    task, attempt = yield from holding.find(claim)
    if attempt.state != "live":
        return
    landing = Landing("ready", max(0, task.tries - 1), task.releases)
    yield from attempts.stop_running(ledger, task, attempt, landing)
    yield from attempts.end(ledger, attempt, "undone")
    yield from requests.forget_answer(request_id, task.plan_id, caller.agent)
    ledger.runs[attempt.run_id].attempts -= 1
    ledger.event(
        "claim undone", plan=task.plan_id, run=attempt.run_id, task=task.id, attempt=attempt.n
    )
    yield from ledger.settle()


def spend(attempt: AttemptRow, spent: Spent) -> Op[AttemptRow]:
    """Add what the attempt has used since it last told. Totals never go back."""
    tokens = max(attempt.tokens, spent.tokens or 0)
    cost = max(attempt.cost_usd, spent.cost_usd or 0.0)
    more = {"tokens": tokens - attempt.tokens, "cost_usd": cost - attempt.cost_usd}
    if any(more.values()):
        yield sql.SPEND, {"run": attempt.run_id, **more}
    return attempt._replace(tokens=tokens, cost_usd=cost)


def _as_holder(ledger: Ledger, found: Holding) -> Ledger:
    """Events of a holder's call carry its label: a claim is shown without one."""
    ledger.caller = Caller(found.attempt.agent, ledger.caller.session_id)
    return ledger


def _leave(ledger: Ledger, found: Holding, landing: Landing) -> Op[TaskRow]:
    if found.live:
        return (yield from attempts.stop_running(ledger, found.task, found.attempt, landing))
    if landing.state == "done":
        yield from attempts.count_minutes(ledger, found.attempt)
        return (yield from attempts.land(ledger, found.task, landing))
    return found.task  # a lost attempt that fails or is released changes nothing more


def _stored(answer: object) -> str:
    return json.dumps(to_answer(answer), separators=(",", ":"))
