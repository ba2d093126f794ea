"""A holder reports: a sign of life, how far it is, and whether to go on."""

from dataclasses import dataclass, field

from callsheet.engine import attempts, holding, holds, limits, results, sweep
from callsheet.engine.env import Caller, Env
from callsheet.engine.holding import Holding, Repeated
from callsheet.engine.ledger import Ledger
from callsheet.engine.results import Spent
from callsheet.model.outcome import Directive, Reported
from callsheet.store.port import Op
from callsheet.store.rows import AttemptRow, RunRow, TaskRow
from callsheet.store.sql import ledger as ledger_sql
from callsheet.store.sql import work as sql

DIRECTIVES: dict[str, tuple[Directive, str | None]] = {
    "active": ("continue", None),
    "draining": ("continue", None),
    "finished": ("continue", None),
    "paused": ("pause", "The run is paused: keep what you have and ask again in a while."),
    "cancelled": ("stop", "The run was cancelled: stop, or complete what is as good as done."),
}
NOT_RENEWED = (
    "Your lease had run out and can't be renewed: no slot is free, others hold the task's "
    "resources, or its time is up. Nobody else has the task: complete it if it is as good as "
    "done, but somebody may get it first."
)


@dataclass(frozen=True, slots=True)
class Report:
    percent: int | None = None
    note: str | None = None
    spent: Spent = field(default_factory=Spent)


def report(env: Env, caller: Caller, claim: str, report: Report) -> Op[Reported]:
    """Renew the attempt and note its progress; a lost one is taken back up if there is a slot."""
    ledger = yield from sweep.open_ledger(env, caller)
    found = yield from holding.shown(ledger, claim, "")
    assert not isinstance(found, Repeated)  # no attempt ends as ""
    ledger.caller = Caller(found.attempt.agent, caller.session_id)
    run = yield from _run_of(found.attempt)
    directive, message = DIRECTIVES[run.state]
    lease: float = env.policy.lease_seconds
    if not found.live and not (yield from _take_back_up(env, ledger, found)):
        message, lease = NOT_RENEWED, 0.0
    else:
        yield from _seen(env, ledger, found.attempt, run, report)
    ledger.event(
        "reported",
        plan=found.task.plan_id,
        run=run.id,
        task=found.task.id,
        attempt=found.attempt.n,
        percent=report.percent,
        note=report.note and report.note[:500],
    )
    yield from ledger.settle()
    return Reported(directive, lease, (message,) if message else ())


def _seen(env: Env, ledger: Ledger, attempt: AttemptRow, run: RunRow, report: Report) -> Op[None]:
    spent = yield from results.spend(attempt, report.spent)
    lease = ledger.now.mono + env.policy.lease_ms
    stands = ledger.now.mono if run.paused_mono is None else run.paused_mono
    silent = stands + attempt.silence_ms  # of a paused run's clocks, which stand still
    params = {
        "attempt": attempt.id,
        "session": ledger.caller.session_id,
        "wall": ledger.now.wall,
        "lease_due": lease,
        "silent_due": silent,
        "due": lease if run.state == "paused" else min(lease, silent, attempt.runtime_due),
        "percent": report.percent,
        "note": report.note,
        "tokens": spent.tokens,
        "cost_usd": spent.cost_usd,
    }
    yield sql.SEEN, params


def _take_back_up(env: Env, ledger: Ledger, found: Holding) -> Op[bool]:
    """Make a lost attempt live again. False when a limit or a resource forbids; it stays lost."""
    task = found.task
    if found.attempt.runtime_due <= ledger.now.mono:
        return False
    if (yield from limits.type_is_full(env, task)):
        return False
    if (yield from limits.agent_is_full(env, ledger.caller)):
        return False
    if found.attempt.resources and (
        yield from holds.obstacle(env, holds.listed(found.attempt.resources), task.id)
    ):
        return False
    if not (yield sql.TAKE_SLOT_BACK, {"run": found.attempt.run_id}):
        return False
    uncounted = found.attempt.error_kind == attempts.LET_GO
    yield sql.BACK_TO_RUNNING, {"task": task.id, "tries": int(uncounted)}
    ledger.moved(task, task.state, "running")
    yield from holds.take(task.id, found.attempt.resources)
    _note_return(ledger, task, found.attempt)
    return True


def _note_return(ledger: Ledger, task: TaskRow, attempt: AttemptRow) -> None:
    ledger.event(
        "taken back up", plan=task.plan_id, run=attempt.run_id, task=task.id, attempt=attempt.n
    )


def _run_of(attempt: AttemptRow) -> Op[RunRow]:
    rows = yield sql.RUN, {"run": attempt.run_id}
    return RunRow._make(rows[0])


def renew(env: Env, session_id: int) -> Op[int]:
    """The session keeper's call: one statement for all that the session holds. Returns how many."""
    lease = env.clock.now().mono + env.policy.lease_ms
    rows = yield sql.RENEW, {"session": session_id, "lease_due": lease}
    return len(rows)


def sequence() -> Op[int]:
    """The number of the last write, to see whether anything has changed."""
    [(seq,)] = yield ledger_sql.SEQ, {}
    return int(seq)
