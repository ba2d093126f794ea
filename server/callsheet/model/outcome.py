"""What the operations answer, as values. Field names are those of the JSON that agents see.

`to_answer` turns any of them into plain JSON data: absent things (None) are left out, so that an
answer costs an agent no more context than it has to say. Times are ISO 8601 in UTC, durations
carry their unit in the name.
"""

from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Literal

from callsheet.model.outlook import Stuck

Next = Literal["wait", "stop", "ask"]
Directive = Literal["continue", "stop", "pause"]
NothingReason = Literal[
    "no_run",
    "paused",
    "draining",
    "at_limit",
    "waiting",
    "resources_busy",
    "no_capability",
    "budget_spent",
    "finished",
    "stuck",
]


def to_answer(value: Any) -> Any:
    """Plain JSON data from an outcome: dataclasses become objects without their None fields."""
    if value is None or isinstance(value, str | int | float):
        return value
    names = _field_names(value.__class__)
    if names:
        pairs = ((name, getattr(value, name)) for name in names)
        return {name: to_answer(item) for name, item in pairs if item is not None}
    if isinstance(value, dict):
        return {key: to_answer(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_answer(item) for item in value]
    return value


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass; none for any other type."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


# --- handing out -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClaimedTask:
    key: str
    title: str
    type: str
    brief: str
    acceptance: tuple[str, ...]
    resources: tuple[str, ...]
    attempt: int
    attempts_left: int
    """How often it may still fail after this attempt."""
    phase: str | None = None
    estimate_minutes: float | None = None
    route: str | None = None
    brief_chars: int | None = None
    """Length of the whole brief when `brief` is only its beginning; `get_task` has it all."""
    acceptance_total: int | None = None
    resources_total: int | None = None


@dataclass(frozen=True, slots=True)
class Handoff:
    """What an attempt left behind, for dependents and for the next attempt."""

    task: str
    title: str
    summary: str | None = None
    handoff: str | None = None
    artifacts: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PreviousAttempt:
    attempt: int
    agent: str
    outcome: str
    kind: str | None = None
    error: str | None = None
    percent: int | None = None
    note: str | None = None
    handoff: str | None = None
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class TaskContext:
    files: tuple[str, ...] = ()
    handoffs: tuple[Handoff, ...] = ()
    previous_attempts: tuple[PreviousAttempt, ...] = ()
    handoffs_total: int | None = None
    files_total: int | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    claim: str
    agent: str
    report_within_minutes: float
    lease_seconds: float
    also_holding: tuple[str, ...]
    task: ClaimedTask
    context: TaskContext
    plan: str
    outcome: Literal["claimed"] = "claimed"
    also_holding_total: int | None = None


@dataclass(frozen=True, slots=True)
class Nothing:
    reason: NothingReason
    why: str
    next: Next
    agent: str
    also_holding: tuple[str, ...] = ()
    retry_after_seconds: float | None = None
    stuck: tuple[Stuck, ...] | None = None
    outcome: Literal["nothing"] = "nothing"


# --- the holder's calls ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reported:
    directive: Directive
    lease_seconds: float
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """Tasks of the plan's run (or of the plan, when nothing runs): done, and all that count."""

    done: int
    total: int
    percent: int


@dataclass(frozen=True, slots=True)
class Completed:
    task: str
    state: str
    gates: tuple[str, ...]
    newly_ready: tuple[str, ...]
    progress: Progress
    run: str | None = None
    """The run's state, when this completion ended it."""
    newly_ready_total: int | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    task: str
    state: str
    attempt: int
    max_attempts: int
    stuck: tuple[str, ...]
    """Keys of the tasks that now can't proceed, 20 at most; `stuck_total` counts them all."""
    retry_at: str | None = None
    retry_after_seconds: float | None = None
    stuck_total: int | None = None


@dataclass(frozen=True, slots=True)
class Released:
    task: str
    state: str


# --- changing the plan -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Added:
    plan: str
    keys: tuple[str, ...]
    ready: tuple[str, ...]
    run: str
    """Whether the tasks joined the unfinished run: joined, outside_scope, no_run."""
    phases_added: tuple[str, ...] = ()
    waiting_again: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What loading changed, as keys; lists are cut at 20 with `<name>_total` beside them."""

    added: int
    changed: int
    unchanged: int
    vanished: tuple[str, ...]
    added_keys: tuple[str, ...] = ()
    changed_keys: tuple[str, ...] = ()
    vanished_total: int | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    plan: str
    format: str
    source: str
    tasks: int
    containers: int
    phases: int
    dependencies: int
    ready: int
    done: int
    changes: Changes
    diagnostics: tuple[dict[str, Any], ...]
    diagnostics_total: int
    dry_run: bool = False
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    task: str
    action: str
    was: str
    state: str
    newly_ready: tuple[str, ...] = ()
    waiting_again: tuple[str, ...] = ()
    run: str | None = None
