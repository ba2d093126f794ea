"""The engine's face: one method an operation, each one transaction on the store.

Commands and MCP tools call these with plain arguments and get the values of `model.outcome`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import anyio
from anyio.lowlevel import checkpoint_if_cancelled

from callsheet.engine import (
    adding,
    claims,
    control,
    loading,
    look,
    lookup,
    one_task,
    progress,
    resolving,
    results,
    runs,
)
from callsheet.engine.adding import NewTasks
from callsheet.engine.claims import Wish
from callsheet.engine.env import Caller, Env
from callsheet.engine.holding import Repeated
from callsheet.engine.ports import PlanReader
from callsheet.engine.progress import Report
from callsheet.engine.results import Failure, Spent, Work
from callsheet.engine.runs import Start
from callsheet.engine.seat import Seat
from callsheet.engine.sessions import Processes
from callsheet.engine.waiting import wait_for_change
from callsheet.model.errors import CallsheetError
from callsheet.model.outcome import Claimed, Loaded, Nothing, Reported, Resolved
from callsheet.model.outlook import DryRun, PlanProgress, ReadyList, RunInfo
from callsheet.plan.collector import paused
from callsheet.plan.draft import PlanDraft, TaskDraft
from callsheet.store.port import Store

Answer = Mapping[str, Any]
"""The JSON of an earlier answer to the same call."""
MAX_WAIT_SECONDS = 20.0
LOOK_AGAIN_SECONDS = 1.0
"""A process that died changes nothing, so whoever waits looks again without being called."""


class Board(Seat):
    """One project's engine for one session."""

    def __init__(
        self, store: Store, env: Env, plans: PlanReader, processes: Processes, kind: str
    ) -> None:
        super().__init__(store, env, processes, kind)
        self._plans = plans
        self._idle = False

    # --- work ----------------------------------------------------------------------------

    async def claim_task(
        self,
        agent: str | None = None,
        task: str | None = None,
        types: Sequence[str] = (),
        capabilities: Sequence[str] = (),
        wait_seconds: float = 0.0,
        request_id: str | None = None,
        plan: str | None = None,
    ) -> Claimed | Nothing | Answer:
        """The best task this agent can serve, or why there is none. Waits up to 20 seconds."""
        caller = await self.agent(agent)
        wish = Wish(plan, task, tuple(types), tuple(capabilities), request_id)
        deadline = anyio.current_time() + min(wait_seconds, MAX_WAIT_SECONDS)
        while True:
            seen = await self.sequence() if wait_seconds else 0
            answer = await self._claim(caller, wish)
            if not isinstance(answer, Nothing) or answer.next != "wait":
                return answer
            if wish.task is not None and answer.reason in ("finished", "no_capability"):
                return answer  # waiting changes nothing about the task that was named
            left = deadline - anyio.current_time()
            if left <= 0 and answer.retry_after_seconds != 0:
                return answer
            pause = min(left, answer.retry_after_seconds or 0.0, LOOK_AGAIN_SECONDS)
            await wait_for_change(self.store, seen, pause)

    async def _claim(self, caller: Caller, wish: Wish) -> Claimed | Nothing | Answer:
        gone = await self.gone()
        unless = None
        if self._idle and not gone:  # a busy agent most likely finds something: no look before
            unless = lambda: claims.look(self.env, caller, wish)
        with anyio.CancelScope(shield=True):
            answer = await self.write(lambda: claims.claim(self.env, caller, wish, gone), unless)
        self._idle = isinstance(answer, Nothing)
        if isinstance(answer, Claimed):
            self.holds_something = True
            try:
                await checkpoint_if_cancelled()
            except BaseException:
                # The client no longer waits for this answer, so nobody would know of the claim.
                with anyio.CancelScope(shield=True):
                    again = wish.request_id
                    await self.write(lambda: results.undo(self.env, caller, answer.claim, again))
                raise
        return answer

    async def report_progress(
        self,
        claim: str,
        percent: int | None = None,
        note: str | None = None,
        tokens: int | None = None,
        cost_usd: float | None = None,
    ) -> Reported:
        """A sign of life. STALE_CLAIM when the task is no longer the caller's."""
        caller = await self.caller()
        report = Report(percent, note, Spent(tokens, cost_usd))
        answer = await self.write(lambda: progress.report(self.env, caller, claim, report))
        self.holds_something = True  # it may be another session's claim that was adopted
        return answer

    async def complete_task(
        self,
        claim: str,
        summary: str,
        artifacts: Sequence[Mapping[str, str]] = (),
        handoff: str | None = None,
        acceptance: Sequence[str] = (),
        tokens: int | None = None,
        cost_usd: float | None = None,
    ) -> Any:
        """The task is done. Answers `Completed`, or what it answered before."""
        caller = await self.caller()
        work, spent = Work(summary, artifacts, handoff, acceptance), Spent(tokens, cost_usd)
        return _said(
            await self.write(lambda: results.complete(self.env, caller, claim, work, spent))
        )

    async def fail_task(
        self,
        claim: str,
        error: str,
        kind: str = "transient",
        retry_after_seconds: float | None = None,
        handoff: str | None = None,
    ) -> Any:
        """The attempt failed. Answers `Failed`, or what it answered before."""
        caller = await self.caller()
        failure = Failure(error, kind, retry_after_seconds, handoff)
        return _said(await self.write(lambda: results.fail(self.env, caller, claim, failure)))

    async def release_task(
        self, claim: str, reason: str | None = None, handoff: str | None = None
    ) -> Any:
        """Give the task back. Answers `Released`, or what it answered before."""
        caller = await self.caller()
        return _said(
            await self.write(lambda: results.release(self.env, caller, claim, reason, handoff))
        )

    # --- plans and runs ------------------------------------------------------------------

    async def draft(
        self, path: str | None = None, format: str | None = None, name: str | None = None
    ) -> PlanDraft:
        """A plan as understood, without the database."""
        return await self._plans.read(path, format, name)

    async def load_plan(
        self,
        path: str | None = None,
        format: str | None = None,
        dry_run: bool = False,
        plan: str | None = None,
        all_diagnostics: bool = False,
    ) -> Loaded:
        """Bring the database in step with a plan's source."""
        with paused():  # the collector of cycles, which finds hardly any
            draft = await self._plans.read(path, format, plan)
            caller = await self.caller()
            return await self.write(
                lambda: loading.load(
                    self.env, caller, draft, dry_run=dry_run, all_diagnostics=all_diagnostics
                )
            )

    async def add_tasks(
        self,
        tasks: Sequence[TaskDraft],
        discovered_from: str | None = None,
        plan: str | None = None,
        request_id: str | None = None,
    ) -> Any:
        """Add tasks, all or none. Answers `Added`, or what it answered before."""
        caller = await self.agent(None)  # so that request ids of two sessions are two
        new = NewTasks(tuple(tasks), plan, discovered_from, request_id)
        return await self.write(lambda: adding.add(self.env, caller, new))

    async def start_run(
        self,
        plan: str | None = None,
        phases: Sequence[str] = (),
        tasks: Sequence[str] = (),
        parallel: int | None = None,
        resume: bool = False,
        retry_failed: bool = False,
        budgets: Mapping[str, float] | None = None,
        dry_run: bool = False,
        include_dependencies: bool = False,
        max_attempts: int | None = None,
        max_silence_minutes: float | None = None,
        max_runtime_minutes: float | None = None,
    ) -> RunInfo | DryRun:
        """Start a run; loads the plan first when none is loaded and one source is found."""
        loaded = None
        if plan is None and not await self.store.read(lookup.any_plan):
            loaded = await self._load_only_source()
        caller = await self.caller()
        ask = Start(
            plan=plan,
            phases=tuple(phases),
            tasks=tuple(tasks),
            parallel=parallel,
            resume=resume,
            retry_failed=retry_failed,
            budgets=budgets or {},
            dry_run=dry_run,
            include_dependencies=include_dependencies,
            max_attempts=max_attempts,
            max_silence_minutes=max_silence_minutes,
            max_runtime_minutes=max_runtime_minutes,
        )
        answer = await self.write(lambda: runs.start(self.env, caller, ask))
        return answer if loaded is None else replace(answer, loaded=loaded)

    async def _load_only_source(self) -> str:
        try:
            loaded = await self.load_plan()
        except CallsheetError as error:
            raise CallsheetError(
                "UNKNOWN_PLAN",
                f"No plan is loaded, and none could be loaded by itself: {error.what}",
                error.next,
            ) from error
        return f"{loaded.tasks} tasks from {loaded.source}"

    async def control_run(
        self, action: str | None = None, parallel: int | None = None, plan: str | None = None
    ) -> RunInfo:
        """Pause, resume, drain or cancel the plan's run, or change its parallel limit."""
        caller = await self.caller()
        return await self.write(lambda: control.control(self.env, caller, plan, action, parallel))

    async def resolve_task(
        self, task: str, action: str, reason: str | None = None, plan: str | None = None
    ) -> Resolved:
        """Retry, unblock, skip, cancel or reopen a task."""
        caller = await self.caller()
        return await self.write(
            lambda: resolving.resolve(self.env, caller, plan, task, action, reason)
        )

    # --- looking -------------------------------------------------------------------------

    async def list_ready_tasks(
        self,
        plan: str | None = None,
        phase: str | None = None,
        type: str | None = None,
        limit: int = 20,
        cursor: str | None = None,
    ) -> ReadyList:
        """What could be handed out, in that order."""
        await self.tidy()
        return await self.store.read(lambda: look.ready(plan, phase, type, limit, cursor))

    async def get_task(
        self, task: str, detail: str = "concise", plan: str | None = None, brief_from: int = 0
    ) -> dict[str, Any]:
        """Everything about one task."""
        await self.tidy()
        return await self.store.read(
            lambda: one_task.describe(self.env, plan, task, detail, brief_from)
        )

    async def get_progress(self, plan: str | None = None, agent: str | None = None) -> PlanProgress:
        """How far the plan is, and what `agent` holds in this session."""
        await self.tidy()
        caller = self.onlooker(agent)
        return await self.store.read(lambda: look.progress(self.env, caller, plan, agent))


def _said(answer: Any) -> Any:
    return answer.answer if isinstance(answer, Repeated) else answer
