"""What the status pages are made from: plain frozen values.

The engine fills them from the database, the views make text of them, and neither knows the other.
Times are epoch milliseconds, durations are minutes, and every text may be as hostile as its author
likes: the views escape it. Lists may be cut by whoever fills them; the `…_total` beside a list says
how long it really is (0 means: as long as it is here).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tally:
    """How many tasks are in each state. Milestones and containers are not counted."""

    waiting: int = 0
    ready: int = 0
    running: int = 0
    verifying: int = 0
    delayed: int = 0
    blocked: int = 0
    failed: int = 0
    done: int = 0
    skipped: int = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        """All tasks, cancelled ones included."""
        return (
            self.waiting
            + self.ready
            + self.running
            + self.verifying
            + self.delayed
            + self.blocked
            + self.failed
            + self.met
            + self.cancelled
        )

    @property
    def met(self) -> int:
        """Done or skipped: what counts as met for those that depend on it."""
        return self.done + self.skipped

    @property
    def share(self) -> float:
        """Met tasks among those that still count (all but the cancelled), from 0 to 1."""
        counting = self.total - self.cancelled
        return self.met / counting if counting else 0.0


@dataclass(frozen=True, slots=True)
class RunLine:
    """The latest run of the plan. `limit` is the parallel limit that was asked for.

    `effective_limit`, when lower, is what rate limits leave of it at the moment.
    `scope` is empty when the run covers everything.
    """

    state: str
    limit: int
    running: int = 0
    effective_limit: int | None = None
    scope: str = ""
    started_ms: int | None = None
    ended_ms: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Effort:
    """Estimate against actual. The first two speak of finished tasks that have both figures."""

    estimated_done: float = 0.0
    actual_done: float = 0.0
    estimated_left: float = 0.0
    unestimated_left: int = 0
    forecast_ms: int | None = None
    """When the plan is expected to be finished; None when nobody can say."""


@dataclass(frozen=True, slots=True)
class PhaseLine:
    """One row of the project page's table of phases."""

    key: str
    title: str
    tally: Tally
    met_ms: int | None = None
    """When its milestone was met; None while it is not."""


@dataclass(frozen=True, slots=True)
class MilestoneLine:
    """A milestone that stands by itself, or a phase's. `waits_for` names some of what is unmet."""

    key: str
    title: str
    met_ms: int | None = None
    waits_for: tuple[str, ...] = ()
    waits_total: int = 0


@dataclass(frozen=True, slots=True)
class RunningLine:
    """A task that somebody holds right now; `state` is running or verifying."""

    task: str
    title: str
    agent: str
    since_ms: int
    percent: float | None = None
    note: str = ""
    state: str = "running"
    attempt: int = 1
    estimate_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class TroubleLine:
    """A blocked, failed or delayed task with the reason that was given for it."""

    task: str
    title: str
    state: str
    reason: str
    since_ms: int | None = None
    attempt: int = 1
    max_attempts: int | None = None
    retry_ms: int | None = None
    """When a delayed task is due again."""


@dataclass(frozen=True, slots=True)
class StuckLine:
    """A waiting task that can never become ready as things are, and what it is stuck behind."""

    task: str
    title: str
    behind: tuple[str, ...]
    behind_total: int = 0


@dataclass(frozen=True, slots=True)
class NextLine:
    """A ready task, in the order in which it would be handed out."""

    task: str
    title: str
    type: str = ""
    phase: str = ""
    priority: str = ""
    estimate_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    """Everything on the project page of one plan. `at_ms` is the time of the last change."""

    plan: str
    title: str
    at_ms: int
    tally: Tally
    run: RunLine | None = None
    effort: Effort = Effort()
    phases: tuple[PhaseLine, ...] = ()
    phases_total: int = 0
    running: tuple[RunningLine, ...] = ()
    running_total: int = 0
    troubled: tuple[TroubleLine, ...] = ()
    troubled_total: int = 0
    stuck: tuple[StuckLine, ...] = ()
    stuck_total: int = 0
    stuck_at_least: bool = False
    """Whether `stuck_total` was cut short, and there may be more."""
    next_up: tuple[NextLine, ...] = ()
    next_total: int = 0
    milestones: tuple[MilestoneLine, ...] = ()
    milestones_total: int = 0


@dataclass(frozen=True, slots=True)
class PhaseTaskLine:
    """One row of a phase's table. `minutes` is the time spent so far, over all attempts."""

    task: str
    title: str
    state: str
    agent: str = ""
    percent: float | None = None
    minutes: float | None = None
    estimate_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class PhaseStatus:
    """Everything on the page of one phase. `tasks` is in plan order."""

    key: str
    title: str
    at_ms: int
    tally: Tally
    milestone: MilestoneLine | None = None
    effort: Effort = Effort()
    tasks: tuple[PhaseTaskLine, ...] = ()
    tasks_total: int = 0


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One attempt at a task. `outcome` is empty while it lives."""

    number: int
    agent: str
    started_ms: int
    ended_ms: int | None = None
    outcome: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NoteLine:
    """What an agent reported while it worked."""

    at_ms: int
    text: str
    percent: float | None = None


@dataclass(frozen=True, slots=True)
class ArtifactLine:
    """Something that an attempt left behind: a file, a commit, a link."""

    kind: str
    path: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """Everything on the page of one task. `attempts` and `notes` are oldest first."""

    key: str
    title: str
    state: str
    at_ms: int
    phase: str = ""
    type: str = ""
    agent: str = ""
    percent: float | None = None
    started_ms: int | None = None
    ended_ms: int | None = None
    minutes: float | None = None
    estimate_minutes: float | None = None
    max_attempts: int | None = None
    reason: str = ""
    """Why it is blocked, failed, delayed, skipped or cancelled."""
    waits_for: tuple[str, ...] = ()
    attempts: tuple[AttemptLine, ...] = ()
    attempts_total: int = 0
    notes: tuple[NoteLine, ...] = ()
    notes_total: int = 0
    summary: str = ""
    artifacts: tuple[ArtifactLine, ...] = ()
    artifacts_total: int = 0
    handoff: str = ""
