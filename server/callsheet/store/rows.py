"""Rows as named values, and the column lists that fetch them."""

from typing import NamedTuple

from callsheet.model.states import State


class TaskRow(NamedTuple):
    id: int
    plan_id: int
    key: str
    kind: str
    phase_id: int
    run_id: int | None
    state: State
    unmet: int
    title: str
    type: str
    class_id: int
    priority: int
    estimate: float | None
    route: str | None
    resources: str | None
    rank: int
    ord: int
    attempt: int
    tries: int
    releases: int
    max_attempts: int | None
    max_silence: float | None
    max_runtime: float | None
    retry_due: int | None
    reason: str | None
    parked_on: str | None
    parked_mono: int | None


class AttemptRow(NamedTuple):
    id: int
    task_id: int
    n: int
    fence: int
    plan_id: int
    run_id: int
    session_id: int
    agent: str
    secret: str
    state: str
    resources: str | None
    started_at: int
    started_mono: int
    seen_at: int
    ended_at: int | None
    ended_seq: int | None
    silence_ms: int
    lease_due: int
    silent_due: int
    runtime_due: int
    percent: int | None
    note: str | None
    tokens: int
    cost_usd: float
    counted_minutes: float
    error: str | None
    error_kind: str | None
    summary: str | None
    handoff: str | None
    artifacts: str | None
    answer: str | None


class RunRow(NamedTuple):
    id: int
    plan_id: int
    state: str
    scope: str
    max_running: int
    slots: int
    running: int
    total: int
    remaining: int
    max_attempts: int | None
    max_silence: float | None
    max_runtime: float | None
    budgets: str
    attempts: int
    minutes: float
    tokens: int
    cost_usd: float
    started_at: int
    ended_at: int | None
    paused_mono: int | None


class PlanRow(NamedTuple):
    id: int
    name: str
    title: str
    format: str
    source: str
    digest: str
    loaded_at: int


class PhaseRow(NamedTuple):
    id: int
    plan_id: int
    key: str
    title: str
    ord: int
    milestone_id: int | None
    depends_on: str
    status_file: str | None


def columns(row: type[NamedTuple], table: str = "") -> str:
    """The column list of a row type, each name behind `table.` when one is given."""
    prefix = f"{table}." if table else ""
    return ", ".join(f"{prefix}{name}" for name in row._fields)
