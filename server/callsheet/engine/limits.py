"""Limits per type of task, which count what runs in the plan."""

from callsheet.engine.env import Env
from callsheet.store.port import Op
from callsheet.store.rows import TaskRow

RUNNING_OF_TYPE = """
    SELECT count(*) FROM attempt JOIN task ON task.id = attempt.task_id
    WHERE attempt.state = 'live' AND attempt.plan_id = :plan AND task.type = :type
"""


def type_is_full(env: Env, task: TaskRow) -> Op[bool]:
    """Whether as many tasks of this one's type run as may."""
    limit = env.policy.type_limits.get(task.type)
    if limit is None:
        return False
    [(count,)] = yield RUNNING_OF_TYPE, {"plan": task.plan_id, "type": task.type}
    return bool(count >= limit)
