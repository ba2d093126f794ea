"""Reading: lists, one task, the state of a plan. Nothing here writes."""

from callsheet.store.rows import AttemptRow, TaskRow, columns

TALLY = "SELECT phase_id, state, n FROM tally WHERE plan_id = :plan AND n > 0"
LIVE = f"""
    SELECT {columns(AttemptRow, "attempt")}, task.key, task.title, run.paused_mono
    FROM attempt JOIN task ON task.id = attempt.task_id JOIN run ON run.id = attempt.run_id
    WHERE attempt.plan_id = :plan AND attempt.state = 'live' ORDER BY attempt.fence
"""
DELAYED = """
    SELECT key, title, retry_due, reason FROM task
    WHERE state = 'delayed' AND plan_id = :plan ORDER BY retry_due LIMIT 20
"""
# What an agent holds in this session, and in ended ones that used the same label; of lost attempts
# all that may still complete: a killed server does not say that it ended.
HELD_BY = f"""
    SELECT task.key, task.title, {columns(AttemptRow, "attempt")}
    FROM attempt JOIN task ON task.id = attempt.task_id
        JOIN session ON session.id = attempt.session_id
    WHERE attempt.agent = :agent AND attempt.plan_id = :plan
        AND ((attempt.state = 'live'
                AND (attempt.session_id = :session OR session.ended_at IS NOT NULL))
            OR (attempt.state = 'lost' AND attempt.n = task.attempt
                AND task.state IN ('delayed', 'ready')))
    ORDER BY attempt.fence
"""
READY = f"""
    SELECT {columns(TaskRow, "task")} FROM task
    WHERE plan_id = :plan AND state = 'ready' AND kind = 'task' AND parked_on IS NULL
        AND (:run = 0 OR run_id = :run)
        AND (:phase = 0 OR phase_id = :phase) AND (:type = '' OR type = :type)
        AND (rank, ord) > (:rank, :ord)
    ORDER BY rank, ord LIMIT :most
"""
COUNT_READY = """
    SELECT count(*) FROM task
    WHERE plan_id = :plan AND state = 'ready' AND kind = 'task' AND parked_on IS NULL
        AND (:run = 0 OR run_id = :run)
        AND (:phase = 0 OR phase_id = :phase) AND (:type = '' OR type = :type)
"""
# Milestones that are met, by phase.
PHASES_MET = """
    SELECT phase.id, task.state, task.unmet FROM phase JOIN task ON task.id = phase.milestone_id
    WHERE phase.plan_id = :plan
"""
EFFORT = """
    SELECT phase_id,
        count(*) FILTER (WHERE state = 'done' AND estimate IS NOT NULL AND actual IS NOT NULL),
        sum(estimate) FILTER (WHERE state = 'done' AND actual IS NOT NULL),
        sum(actual) FILTER (WHERE state = 'done' AND estimate IS NOT NULL),
        sum(estimate) FILTER (WHERE state NOT IN ('done', 'skipped', 'cancelled')),
        count(*) FILTER (
            WHERE state NOT IN ('done', 'skipped', 'cancelled') AND estimate IS NULL)
    FROM task WHERE plan_id = :plan AND kind = 'task' GROUP BY phase_id
"""

NEEDS = """
    SELECT task.key, task.title, task.state, task.kind, dep.kind
    FROM dep JOIN task ON task.id = dep.needs_id WHERE dep.task_id = :task ORDER BY task.ord
"""
NEEDED_BY = """
    SELECT task.key, task.title, task.state, task.kind, dep.kind
    FROM dep JOIN task ON task.id = dep.task_id
    WHERE dep.needs_id = :task AND task.kind <> 'milestone' ORDER BY task.ord
"""
TEXT = "SELECT brief, acceptance, files, file, line FROM task_text WHERE task_id = :task"
REQUIRES = "SELECT requires FROM class WHERE id = :id"
ATTEMPTS = f"SELECT {columns(AttemptRow)} FROM attempt WHERE task_id = :task ORDER BY n DESC"
EVENTS = """
    SELECT seq, at, kind, agent, attempt, data FROM event
    WHERE task_id = :task ORDER BY seq DESC, n DESC LIMIT 50
"""
# What, upstream of a waiting task, needs somebody before it can ever be ready.
STUCK_UPSTREAM = """
    WITH RECURSIVE above (id) AS (
        SELECT needs_id FROM dep WHERE task_id = :task
        UNION
        SELECT dep.needs_id FROM above JOIN task ON task.id = above.id
            JOIN dep ON dep.task_id = above.id
        WHERE task.state NOT IN ('done', 'skipped')
    )
    SELECT task.key, task.title, task.state, task.reason FROM above JOIN task ON task.id = above.id
    WHERE task.state IN ('failed', 'blocked', 'cancelled') ORDER BY task.ord LIMIT 20
"""
