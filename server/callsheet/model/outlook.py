"""What looking at a plan answers: what is ready, how a run and its tasks stand.

The rules of `model.outcome` hold for these values too.
"""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Stuck:
    """A task that needs somebody, and how many tasks wait behind it."""

    task: str
    title: str
    state: str
    reason: str | None = None
    holds_up: int | None = None


@dataclass(frozen=True, slots=True)
class ReadyTask:
    key: str
    title: str
    type: str
    priority: str
    resources: tuple[str, ...]
    phase: str | None = None
    estimate_minutes: float | None = None
    route: str | None = None


@dataclass(frozen=True, slots=True)
class ReadyList:
    tasks: tuple[ReadyTask, ...]
    shown: int
    total: int
    next_cursor: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One execution of a plan. `parallel_now` is lower than `parallel` while a rate limit lasts."""

    run: int
    plan: str
    state: str
    parallel: int
    running: int
    remaining: int
    total: int
    scope: dict[str, Any]
    started_at: str
    budgets: dict[str, float] | None = None
    spent: dict[str, float] | None = None
    """By budget; what nothing was spent of is left out."""
    parallel_now: int | None = None
    ended_at: str | None = None
    max_attempts: int | None = None
    """These three only when the run has its own."""
    max_silence_minutes: float | None = None
    max_runtime_minutes: float | None = None
    loaded: str | None = None
    waits_outside_scope: tuple[str, ...] | None = None
    waits_outside_scope_total: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would do: the waves in which tasks become ready, and what would hold it up."""

    plan: str
    tasks: int
    already_met: int
    parallel: int
    waves: tuple[dict[str, Any], ...]
    ready_now: tuple[str, ...]
    estimate_minutes: float | None = None
    waits_outside_scope: tuple[str, ...] = ()
    loaded: str | None = None
    dry_run: Literal[True] = True


@dataclass(frozen=True, slots=True)
class RunningTask:
    task: str
    title: str
    agent: str
    since: str
    minutes: float
    attempt: int
    last_sign_seconds: float
    percent: int | None = None
    note: str | None = None
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class PhaseProgress:
    phase: str
    title: str
    totals: dict[str, int]
    complete: bool


@dataclass(frozen=True, slots=True)
class Held:
    claim: str
    task: str
    title: str
    percent: int | None
    lease_seconds: float


@dataclass(frozen=True, slots=True)
class EstimateProgress:
    """Minutes over the tasks that are done: estimated against actual."""

    done_tasks_with_estimate: int
    estimated_minutes: float
    actual_minutes: float
    remaining_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Delayed:
    task: str
    title: str
    retry_after_seconds: float
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PlanProgress:
    plan: str
    title: str
    totals: dict[str, int]
    phases: tuple[PhaseProgress, ...]
    running: tuple[RunningTask, ...]
    stuck: tuple[Stuck, ...]
    estimate: EstimateProgress
    next_up: tuple[str, ...]
    run: RunInfo | None = None
    delayed: tuple[Delayed, ...] | None = None
    """Failed tasks that will be tried again, the next one first; left out when there are none."""
    forecast: dict[str, Any] | None = None
    holds: tuple[Held, ...] | None = None
    holds_total: int | None = None
    phases_total: int | None = None
    running_total: int | None = None
    stuck_total: int | None = None
    plans: tuple[str, ...] | None = None
