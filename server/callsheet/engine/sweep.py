"""Opening a write transaction, and what is due at that moment: lost leases, retries, a reboot."""

from collections.abc import Sequence

from callsheet.engine import attempts
from callsheet.engine.env import Caller, Env, Moment
from callsheet.engine.ledger import Ledger
from callsheet.store.port import Op, Row
from callsheet.store.rows import AttemptRow, TaskRow
from callsheet.store.sql import ledger as ledger_sql
from callsheet.store.sql import work as sql

AT_ONCE = 50
"""So many a transaction: a claim after a long night must not take seconds."""


def open_ledger(env: Env, caller: Caller) -> Op[Ledger]:
    """Begin a write: take the lock and with it this transaction's place in the order.

    The clock is read behind the lock, so that times never run against the order of events.
    """
    [(seq, boot)] = yield ledger_sql.LOCK, {}
    ledger = Ledger(seq, env.clock.now(), caller)
    if boot != ledger.now.boot:
        yield from _after_reboot(env, ledger, first=not boot)
        yield from ledger.settle()  # limits must see the slots that were given back
    return ledger


def sweep(env: Env, ledger: Ledger, gone: Sequence[int] = ()) -> Op[bool]:
    """Give back what is lost and wake what is due, 50 each. True when anything changed.

    `gone` are sessions whose process is known to have ended without saying so.
    """
    if not gone and not (yield from anything_due(ledger.now)):
        return False
    rows: list[Row] = yield sql.DUE, {"now": ledger.now.mono, "most": AT_ONCE}
    for session in gone:
        rows += yield sql.OF_SESSION, {"session": session}
    seen: set[int] = set()
    for row in rows:
        attempt, ended_at = AttemptRow._make(row[:-1]), row[-1]
        if attempt.id not in seen:
            seen.add(attempt.id)
            why, clean = _why_lost(attempt, ledger.now, ended_at, attempt.session_id in gone)
            yield from attempts.lose(env, ledger, attempt, why, counts=not clean)
    woken = yield sql.WAKE_DELAYED, {"now": ledger.now.mono, "most": AT_ONCE}
    for task in map(TaskRow._make, woken):
        ledger.moved(task, "delayed", "ready")
        ledger.event("retry due", plan=task.plan_id, run=task.run_id, task=task.id)
    return bool(seen or woken)


def anything_due(now: Moment) -> Op[bool]:
    """A cheap look, without the lock, whether a sweep would find something, or a reboot."""
    [(boot, lease, retry)] = yield sql.NEXT_DUE, {}
    due = (lease is not None and lease <= now.mono) or (retry is not None and retry <= now.mono)
    return due or (boot not in ("", now.boot))


def _why_lost(
    attempt: AttemptRow, now: Moment, ended_at: int | None, gone: bool
) -> tuple[str, bool]:
    """The reason in words, and whether it was the clean end of the holder's server."""
    if gone:
        return "its process ended without a word", False
    if attempt.lease_due <= now.mono:
        clean = ended_at is not None
        return ("its server was shut down" if clean else "its lease ran out"), clean
    if attempt.silent_due <= now.mono:
        return "no sign of life for too long", False
    return "it ran longer than max_runtime", False


def _after_reboot(env: Env, ledger: Ledger, *, first: bool) -> Op[None]:
    """Monotonic times of another boot mean nothing: whoever held a task then is gone."""
    yield ledger_sql.SET_BOOT, {"boot": ledger.now.boot}
    if first:
        return
    runtime = float(env.policy.max_runtime_minutes)
    for statement in sql.AFTER_REBOOT:
        yield statement, {"now": ledger.now.mono, "runtime": runtime}
    rows = yield sql.ALL_LIVE, {}
    for row in rows:
        attempt = AttemptRow._make(row[:-1])._replace(started_mono=ledger.now.mono)
        yield from attempts.lose(env, ledger, attempt, "the machine was restarted", counts=False)
