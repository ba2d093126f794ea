"""A session's seat at the board: its registration, its leases, and how it reads and writes.

The session is registered with its first call that may write, so that looking alone leaves no trace.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

import anyio

from callsheet.engine import progress, sessions, sweep
from callsheet.engine.env import Caller, Env
from callsheet.engine.rollback import RolledBack
from callsheet.engine.sessions import Process, Processes
from callsheet.model.errors import CallsheetError
from callsheet.store.port import Op, Store, T

GONE_EVERY_MS = 1_000
LABEL_CHARS = 80


class Seat:
    """One session on one store. `kind` is stdio or cli. End it with `close`."""

    def __init__(self, store: Store, env: Env, processes: Processes, kind: str) -> None:
        self.store = store
        self.env = env
        self._processes = processes
        self._kind = kind
        self._session: int | None = None
        self._registering = anyio.Lock()
        self._own: Process | None = None
        self._gone_checked = -GONE_EVERY_MS
        self._labels: set[str] = set()
        self._made_up_label = f"agent-{env.secret()[:4]}"
        self.holds_something = False
        """Whether the session may hold tasks, so that its leases need renewing."""

    async def sequence(self) -> int:
        """The number of the last change, whoever made it."""
        return await self.store.read(progress.sequence)

    async def renew_leases(self) -> None:
        """Renew the leases of all that this session holds; does nothing when it holds nothing."""
        session = self._session
        if session is None or not self.holds_something:
            return
        # Cleared before, so that a claim that comes in meanwhile is not forgotten.
        self.holds_something = False
        try:
            live = await self.store.write(lambda: progress.renew(self.env, session))
        except BaseException:
            self.holds_something = True
            raise
        self.holds_something = self.holds_something or live > 0

    async def close(self) -> None:
        """End the session cleanly: what it holds runs out without costing an attempt.

        When that can't be written the process is found gone by the others, which costs one.
        """
        try:
            if self._session is not None:
                session, self._session = self._session, None
                with suppress(CallsheetError):
                    await self.store.write(lambda: sessions.end(self.env, session))
        finally:
            await self.store.close()

    async def caller(self, label: str = "") -> Caller:
        """Who calls, registering the session if need be. No label: an operator, or a claim's
        holder, whose label the claim tells."""
        if self._session is None:
            async with self._registering:
                if self._session is None:
                    own = self._own_process()
                    self._session = await self.store.write(
                        lambda: sessions.begin(self.env, self._kind, own)
                    )
        return Caller(label, self._session)

    async def agent(self, label: str | None) -> Caller:
        """An agent that calls. One without a label is the one that the session has known so far;
        when there were none or several, it is given a label, always the same."""
        named = (label or "").strip()[:LABEL_CHARS]
        if named:
            self._labels.add(named)
        known = next(iter(self._labels)) if len(self._labels) == 1 else self._made_up_label
        return await self.caller(named or known)

    def onlooker(self, label: str | None) -> Caller:
        """Who looks, without being registered for it; session 0 holds nothing."""
        return Caller((label or "").strip()[:LABEL_CHARS], self._session or 0)

    async def gone(self) -> tuple[int, ...]:
        """Sessions that hold tasks although their process is gone; looked for once a second."""
        now = self.env.clock.now().mono
        if now - self._gone_checked < GONE_EVERY_MS:
            return ()
        self._gone_checked = now
        own = self._own_process()
        holders = await self.store.read(sessions.holders)
        return tuple(number for number, process in holders if self._processes.is_gone(process, own))

    async def tidy(self) -> None:
        """Before an answer about the plan: take back what is lost, wake what is due."""
        now = self.env.clock.now()
        gone = await self.gone()
        due = await self.store.read(lambda: sweep.anything_due(now))
        if gone or due:
            caller = await self.caller()
            await self.store.write(lambda: _sweep(self.env, caller, gone))

    async def write(
        self, op: Callable[[], Op[T]], unless: Callable[[], Op[T | None]] | None = None
    ) -> T:
        """Run a write; an answer that was to leave no trace is an answer all the same."""
        try:
            return await self.store.write(op, unless)
        except RolledBack as nothing_written:
            answer: T = nothing_written.answer
            return answer

    def _own_process(self) -> Process:
        if self._own is None:
            self._own = self._processes.own(self.env.clock.now().boot)
        return self._own


def _sweep(env: Env, caller: Caller, gone: Sequence[int]) -> Op[None]:
    ledger = yield from sweep.open_ledger(env, caller)
    yield from sweep.sweep(env, ledger, gone)
    yield from ledger.settle()
