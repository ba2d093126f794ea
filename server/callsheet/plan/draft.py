"""What every parser returns: a plan as understood, and a note of everything that was not.

A draft speaks in keys, never in database ids. Parsers fill it; `check.resolve` settles the
references; `engine.loading` stores it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning", "info"]
SourceState = Literal["todo", "in_progress", "done", "blocked", "skipped"]
Priority = Literal["critical", "high", "medium", "low"]

MAX_PLAN_BYTES = 10_000_000
MAX_TEXT_BYTES = 256_000
MAX_KEY_CHARS = 128
MAX_DEPTH = 16
"""Limits of DESIGN section 7: refused or reported, never truncated silently."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing assumed or not understood. `file` is relative to the project root, `line` 1-based.

    `text` quotes the source; `message` says what was assumed or what to do; `candidates` are the
    closest keys when a reference could not be resolved. An `error` stops the load.
    """

    severity: Severity
    code: str
    message: str
    file: str | None = None
    line: int | None = None
    text: str | None = None
    task: str | None = None
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """A task as a source tells it. References are task keys, or `phase:KEY` for a whole phase.

    `depends_on` are stated by the source; `implied` follow from the format's conventions alone.
    `container` tasks (epics, parents) are never handed out: they are met when their children are.
    `files` are paths, relative to the root, that the executor should read.
    """

    key: str
    title: str
    phase: str | None = None
    parent: str | None = None
    container: bool = False
    optional: bool = False
    type: str | None = None
    brief: str = ""
    acceptance: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    implied: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    estimate_minutes: float | None = None
    priority: Priority | None = None
    route: str | None = None
    files: tuple[str, ...] = ()
    max_attempts: int | None = None
    max_silence_minutes: float | None = None
    max_runtime_minutes: float | None = None
    state: SourceState = "todo"
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class PhaseDraft:
    """A phase; `depends_on` and `implied` are keys of phases that must be complete before it."""

    key: str
    title: str
    depends_on: tuple[str, ...] = ()
    implied: tuple[str, ...] = ()
    file: str | None = None
    line: int | None = None
    status_file: str | None = None
    """Where the phase's status page goes, relative to the root; None for none."""


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """A whole plan, in plan order. `source` is the file or folder it came from, under the root."""

    name: str
    format: str
    source: str
    title: str = ""
    phases: tuple[PhaseDraft, ...] = ()
    tasks: tuple[TaskDraft, ...] = ()
    pools: Mapping[str, int] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    digest: str = ""
    """sha256 of the sources' text without callsheet's own blocks; loading is idempotent by it."""
