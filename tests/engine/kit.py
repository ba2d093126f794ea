"""The engine without a clock, a disk or an event loop: thousands of steps a second.

The real schema and the real SQL run on a database in memory; time, dice and processes are ours.
"""

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from random import Random
from typing import Any

from callsheet.engine import (
    adding,
    claims,
    control,
    loading,
    look,
    one_task,
    progress,
    resolving,
    results,
    runs,
    sessions,
    sweep,
)
from callsheet.engine.adding import NewTasks
from callsheet.engine.checker import Violation, check
from callsheet.engine.claims import Wish
from callsheet.engine.env import Caller, Env, Moment, Policy
from callsheet.engine.facts import read_facts
from callsheet.engine.holding import Repeated
from callsheet.engine.progress import Report
from callsheet.engine.results import Failure, Spent, Work
from callsheet.engine.rollback import RolledBack
from callsheet.engine.runs import Start
from callsheet.engine.sessions import Process
from callsheet.model.outcome import Claimed, Nothing, to_answer
from callsheet.plan.draft import PhaseDraft, PlanDraft, TaskDraft
from callsheet.store.hop import feed
from callsheet.store.migrate import MIGRATIONS, migrations_in
from callsheet.store.port import Op, T

MINUTE = 60.0
_TASK = re.compile(r"\s*(?:(?P<phase>\w+)/)?(?P<key>[^\s<]+)\s*(?:<-\s*(?P<needs>.*))?")


def plan(
    spec: str,
    *,
    phases: str = "",
    name: str = "main",
    pools: Mapping[str, int] | None = None,
    **more: Any,
) -> PlanDraft:
    """A plan from a short text: `plan("1/a; 1/b<-a; 2/c<-b,phase:1", phases="1; 2<-1")`.

    `more` has further fields of `TaskDraft` by key.
    """
    tasks = [_task(part, more) for part in spec.split(";") if part.strip()]
    drafts = [_phase(part) for part in phases.split(";") if part.strip()]
    digest = sha256(repr((tasks, drafts, pools)).encode()).hexdigest()
    return PlanDraft(
        name, "test", "plan", name, tuple(drafts), tuple(tasks), pools or {}, digest=digest
    )


def _task(part: str, more: Mapping[str, Mapping[str, Any]]) -> TaskDraft:
    match = _TASK.fullmatch(part.rstrip())
    assert match is not None, part
    needs = tuple(n.strip() for n in (match["needs"] or "").split(",") if n.strip())
    key = match["key"]
    draft = TaskDraft(key, f"Task {key}", phase=match["phase"], depends_on=needs)
    return replace(draft, **more.get(key, {}))


def _phase(part: str) -> PhaseDraft:
    key, _, needs = part.partition("<-")
    return PhaseDraft(
        key.strip(), f"Phase {key.strip()}", tuple(n.strip() for n in needs.split(",") if n.strip())
    )


class VirtualClock:
    """Both clocks of one host; they stand still until a test moves them."""

    def __init__(self) -> None:
        self.wall, self.mono, self.boot = 1_795_000_000_000, 1_000_000, "boot-1"

    def now(self) -> Moment:
        return Moment(self.wall, self.mono, self.boot)

    def advance(self, seconds: float) -> None:
        self.wall += round(seconds * 1000)
        self.mono += round(seconds * 1000)

    def reboot(self, mono: int = 5_000) -> None:
        """The machine restarts: the monotonic clock begins anew."""
        self.boot = f"boot-{int(self.boot.split('-')[1]) + 1}"
        self.mono = mono
        self.wall += 60_000


def schema() -> str:
    """Every migration, in order."""
    return "".join(step.file.read_text(encoding="utf-8") for step in migrations_in(MIGRATIONS))


class MemoryStore:
    """The port on a database in memory, without threads: each operation runs at once."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.executescript(schema())

    def write_now(self, op: Callable[[], Op[T]]) -> T:
        """One write transaction."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            result = feed(self.connection, op())
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
        return result

    def read_now(self, op: Callable[[], Op[T]]) -> T:
        """One read; it fails if it writes."""
        self.connection.execute("PRAGMA query_only = ON")
        try:
            return feed(self.connection, op())
        finally:
            self.connection.execute("PRAGMA query_only = OFF")

    async def write(
        self, op: Callable[[], Op[T]], unless: Callable[[], Op[T | None]] | None = None
    ) -> T:
        early = None if unless is None else self.read_now(unless)
        return self.write_now(op) if early is None else early

    async def read(self, op: Callable[[], Op[T]]) -> T:
        return self.read_now(op)

    async def close(self) -> None:
        self.connection.close()

    def __del__(self) -> None:
        self.connection.close()  # Python 3.13 warns of those that nobody closed


class FakeProcesses:
    """Processes that a test can end."""

    def __init__(self, boot: str = "boot-1") -> None:
        self.gone: set[int] = set()
        self._next = 100
        self._boot = boot

    def own(self, boot: str) -> Process:
        self._next += 1
        return Process("host", boot, "ns", self._next, f"start-{self._next}")

    def is_gone(self, process: Process, own: Process) -> bool:
        return process.pid in self.gone


class World:
    """One project: its database, its clock, and the operator's calls."""

    def __init__(self, policy: Policy | None = None, seed: int = 0) -> None:
        self.clock = VirtualClock()
        self.env = Env(self.clock, Random(seed), policy or Policy())
        self.store = MemoryStore()
        self.operator = self.session()

    @property
    def caller(self) -> Caller:
        return Caller("", self.operator.id)

    def set_policy(self, **changes: Any) -> None:
        self.env = replace(self.env, policy=replace(self.env.policy, **changes))

    def write(self, op: Callable[[], Op[T]]) -> T:
        """A write, as the board does it."""
        try:
            return self.store.write_now(op)
        except RolledBack as nothing_written:
            answer: T = nothing_written.answer
            return answer

    def sql(self, text: str, **params: Any) -> list[tuple[Any, ...]]:
        """Look into the tables, or tamper with them."""
        return self.store.connection.execute(text, params).fetchall()

    def session(self, pid: int = 1) -> "Session":
        process = Process("host", self.clock.boot, "ns", pid, "start")
        return Session(self, self.store.write_now(lambda: sessions.begin(self.env, "t", process)))

    # --- the operator --------------------------------------------------------------------

    def load(self, draft: PlanDraft, dry_run: bool = False, **more: Any) -> Any:
        return self.write(
            lambda: loading.load(self.env, self.caller, draft, dry_run=dry_run, **more)
        )

    def add(self, spec: str, request_id: str | None = None, **more: Any) -> Any:
        return self.add_drafts(plan(spec, **more).tasks, request_id)

    def add_drafts(self, drafts: Sequence[TaskDraft], request_id: str | None = None) -> Any:
        new = NewTasks(tuple(drafts), request_id=request_id)
        return self.write(lambda: adding.add(self.env, self.caller, new))

    def start(self, **ask: Any) -> Any:
        return self.write(lambda: runs.start(self.env, self.caller, Start(**ask)))

    def control(
        self, action: str | None = None, parallel: int | None = None, plan: str | None = None
    ) -> Any:
        return self.write(lambda: control.control(self.env, self.caller, plan, action, parallel))

    def resolve(self, task: str, action: str, reason: str | None = None) -> Any:
        return self.write(
            lambda: resolving.resolve(self.env, self.caller, None, task, action, reason)
        )

    # --- looking -------------------------------------------------------------------------

    def progress(self, agent: str | None = None, session: "Session | None" = None) -> Any:
        caller = Caller(agent or "", (session or self.operator).id)
        return self.store.read_now(lambda: look.progress(self.env, caller, None, agent))

    def task(self, key: str, detail: str = "full") -> dict[str, Any]:
        return self.store.read_now(lambda: one_task.describe(self.env, None, key, detail, 0))

    def ready(self, limit: int = 100, cursor: str | None = None) -> Any:
        return self.store.read_now(lambda: look.ready(None, None, None, limit, cursor))

    def states(self) -> dict[str, str]:
        """State by key, milestones included."""
        return dict(self.sql("SELECT key, state FROM task ORDER BY ord, id"))

    def state(self, key: str) -> str:
        return self.states()[key]

    def value(self, text: str, **params: Any) -> Any:
        """The only value of a query."""
        [(value,)] = self.sql(text, **params)
        return value

    def tidy(self) -> None:
        """What a read does first: take back what is lost, wake what is due."""

        def op() -> Op[None]:
            ledger = yield from sweep.open_ledger(self.env, self.caller)
            yield from sweep.sweep(self.env, ledger)
            yield from ledger.settle()

        self.write(op)

    def due(self) -> bool:
        """Whether a look without the lock finds that something has to be tidied."""
        return self.store.read_now(lambda: sweep.anything_due(self.clock.now()))

    def violations(self) -> list[Violation]:
        return check(self.store.read_now(read_facts), self.env.policy)

    def assert_sound(self) -> None:
        """Every invariant holds."""
        found = self.violations()
        assert not found, "\n".join(f"{v.rule}: {v.what} (event {v.seq})" for v in found)


class Session:
    """One assistant's connection and the calls it makes."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.id = number

    def ask(self, agent: str = "ann", gone: Sequence[int] = (), **wish: Any) -> Any:
        """`claim_task`, whatever it answers."""
        world = self.world
        caller = Caller(agent, self.id)
        return world.write(lambda: claims.claim(world.env, caller, Wish(**wish), gone))

    def claim(self, agent: str = "ann", **wish: Any) -> str:
        """The claim of a task that must be there."""
        answer = self.ask(agent, **wish)
        assert isinstance(answer, Claimed), answer
        return answer.claim

    def nothing(self, agent: str = "ann", **wish: Any) -> Nothing:
        """The answer of a claim that must find nothing; a look without the lock agrees."""
        world, caller = self.world, Caller(agent, self.id)
        answer = self.ask(agent, **wish)
        assert isinstance(answer, Nothing), answer
        looked = world.store.read_now(lambda: claims.look(world.env, caller, Wish(**wish)))
        assert looked is None or looked.reason == answer.reason, (looked, answer)
        return answer

    def report(self, claim: str, spent: Spent | None = None, **more: Any) -> Any:
        env, caller = self.world.env, Caller("", self.id)
        told = Report(spent=spent or Spent(), **more)
        return self.world.write(lambda: progress.report(env, caller, claim, told))

    def complete(self, claim: str, spent: Spent | None = None, **work: Any) -> Any:
        env, caller = self.world.env, Caller("", self.id)
        left = Work(**{"summary": "did it", **work})
        used = spent or Spent()
        return said(self.world.write(lambda: results.complete(env, caller, claim, left, used)))

    def fail(self, claim: str, kind: str = "transient", error: str = "oops", **more: Any) -> Any:
        env, caller = self.world.env, Caller("", self.id)
        failure = Failure(error, kind, **more)
        return said(self.world.write(lambda: results.fail(env, caller, claim, failure)))

    def release(self, claim: str, reason: str | None = None, handoff: str | None = None) -> Any:
        env, caller = self.world.env, Caller("", self.id)
        return said(self.world.write(lambda: results.release(env, caller, claim, reason, handoff)))

    def undo(self, claim: str, agent: str = "ann", request_id: str | None = None) -> None:
        """Take a hand-out back, as when the client cancelled the call."""
        env, caller = self.world.env, Caller(agent, self.id)
        self.world.write(lambda: results.undo(env, caller, claim, request_id))

    def renew(self) -> int:
        return self.world.write(lambda: progress.renew(self.world.env, self.id))

    def end(self) -> None:
        """End cleanly."""
        self.world.write(lambda: sessions.end(self.world.env, self.id))


def said(answer: Any) -> Any:
    """An answer as the JSON that agents see, so that it can be compared with its repetition."""
    return answer.answer if isinstance(answer, Repeated) else to_answer(answer)


def key_of(claim: str) -> str:
    return claim.rpartition("@")[0]
