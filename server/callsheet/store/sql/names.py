"""Finding plans, phases and tasks by what people call them."""

from callsheet.store.rows import PhaseRow, PlanRow, TaskRow, columns

PLANS = f"SELECT {columns(PlanRow)} FROM plan ORDER BY id"
PHASES = f"SELECT {columns(PhaseRow)} FROM phase WHERE plan_id = :plan ORDER BY ord, id"
PHASE_KEY = "SELECT key FROM phase WHERE id = :phase"
TASK = f"SELECT {columns(TaskRow)} FROM task WHERE id = :task"
TASK_BY_KEY = f"SELECT {columns(TaskRow)} FROM task WHERE plan_id = :plan AND key = :key"
TASK_FOLDED = f"""
    SELECT {columns(TaskRow)} FROM task
    WHERE plan_id = :plan AND lower(key) = lower(:key) AND kind <> 'milestone'
"""
KEY_ANYWHERE = f"SELECT {columns(TaskRow)} FROM task WHERE key = :key"
KEYS = "SELECT key FROM task WHERE plan_id = :plan AND kind <> 'milestone' ORDER BY ord LIMIT 5000"
