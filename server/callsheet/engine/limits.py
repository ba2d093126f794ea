"""The limits in force for one task: its own, else its run's, else the project's; per type and agent."""

from typing import NamedTuple

from callsheet.engine.env import Caller, Env
from callsheet.store.port import Op
from callsheet.store.rows import RunRow, TaskRow

RUNNING_OF_TYPE = """
    SELECT count(*) FROM attempt JOIN task ON task.id = attempt.task_id
    WHERE attempt.state = 'live' AND attempt.plan_id = :plan AND task.type = :type
"""
LIVE_OF_AGENT = """
    SELECT count(*) FROM attempt
    WHERE session_id = :session AND agent = :agent AND state = 'live'
"""


def type_is_full(env: Env, task: TaskRow) -> Op[bool]:
    """Whether as many tasks of this one's type run as may."""
    limit = env.policy.type_limits.get(task.type)
    if limit is None:
        return False
    [(count,)] = yield RUNNING_OF_TYPE, {"plan": task.plan_id, "type": task.type}
    return bool(count >= limit)


def agent_is_full(env: Env, caller: Caller) -> Op[bool]:
    """Whether this agent holds as many tasks in its session as one may."""
    if env.policy.agent_limit is None:
        return False
    who = {"session": caller.session_id, "agent": caller.agent}
    [(count,)] = yield LIVE_OF_AGENT, who
    return bool(count >= env.policy.agent_limit)


class Patience(NamedTuple):
    """How long an attempt may say nothing, and how long it may take at all, in milliseconds."""

    silence_ms: int
    runtime_ms: int

    @property
    def report_within_minutes(self) -> float:
        """What an agent is told: two thirds of the silence after which its task is taken back."""
        return round(self.silence_ms / 60_000 * 2 / 3, 2)


def attempts(env: Env, task: TaskRow, run: RunRow) -> int:
    """How often this task may be tried in this run."""
    return int(_first(task.max_attempts, run.max_attempts, env.policy.max_attempts))


def patience(env: Env, task: TaskRow, run: RunRow) -> Patience:
    """The patience with an attempt at this task in this run."""
    silence = _first(task.max_silence, run.max_silence, env.policy.max_silence_minutes)
    runtime = _first(task.max_runtime, run.max_runtime, env.policy.max_runtime_minutes)
    return Patience(round(silence * 60_000), round(runtime * 60_000))


def _first(of_task: float | None, of_run: float | None, of_project: float) -> float:
    if of_task is not None:
        return of_task
    return of_project if of_run is None else of_run
