"""Why there is nothing to hand out. Each is one step in a partial index, however large the plan."""

PARKED_IN_RUN = """
    SELECT key, parked_on FROM task WHERE parked_on IS NOT NULL AND run_id = :run LIMIT 1
"""
NEXT_RETRY = "SELECT min(retry_due) FROM task WHERE state = 'delayed' AND run_id = :run"
# Also those that began in an earlier run of the plan, which was cancelled since.
RUNNING = "SELECT count(*) FROM attempt WHERE plan_id = :plan AND state = 'live'"
# Open tasks by phase and by the last run that covered them.
OPEN = """
    SELECT phase.key, task.run_id, count(*) FROM task LEFT JOIN phase ON phase.id = task.phase_id
    WHERE task.plan_id = :plan AND task.kind = 'task'
        AND task.state NOT IN ('done', 'skipped', 'cancelled')
    GROUP BY phase.key, task.run_id
"""
VERIFYING = "SELECT count(*) FROM task WHERE state = 'verifying' AND run_id = :run"
NEEDS_SOMEBODY = """
    SELECT id, key, title, state, reason FROM task
    WHERE plan_id = :plan AND state IN ('failed', 'blocked', 'cancelled') AND kind = 'task'
    ORDER BY state <> 'failed', ord
"""
# What tasks of a run wait for, straight or through milestones, that is not in the run itself:
# the run alone never gets there.
OUTSIDE = """
    WITH RECURSIVE needed (id) AS (
        SELECT dep.needs_id FROM task JOIN dep ON dep.task_id = task.id
        WHERE task.run_id = :run AND task.state = 'waiting'
        UNION
        SELECT dep.needs_id FROM needed JOIN task ON task.id = needed.id
            JOIN dep ON dep.task_id = needed.id
        WHERE task.kind <> 'task' AND task.state NOT IN ('done', 'skipped')
    )
    SELECT task.key, task.title, task.state FROM needed JOIN task ON task.id = needed.id
    WHERE task.kind = 'task' AND task.state NOT IN ('done', 'skipped')
        AND (task.run_id IS NULL OR task.run_id <> :run)
    ORDER BY task.ord
"""
UNMET_NEEDS = """
    SELECT task.key, task.title, task.state, task.kind FROM dep JOIN task ON task.id = dep.needs_id
    WHERE dep.task_id = :task AND task.state NOT IN ('done', 'skipped') ORDER BY task.ord LIMIT 20
"""
