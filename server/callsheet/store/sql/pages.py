"""Reading what the status pages say, and which of them are out of date.

A `+` before a column keeps SQLite from walking a large index for the sake of its order.
"""

from callsheet.store.rows import PhaseRow, columns

STAMP = "SELECT seq, uid FROM project WHERE id = 1"

# --- one plan ----------------------------------------------------------------------------------

LAST_CHANGE = """
    SELECT at FROM event WHERE plan_id = :plan ORDER BY seq DESC, n DESC LIMIT 1
"""
RUNNING = """
    SELECT task.key, task.title, attempt.agent, attempt.started_at, attempt.percent,
        substr(COALESCE(attempt.note, ''), 1, 1000), task.state, attempt.n, task.estimate
    FROM attempt JOIN task ON task.id = attempt.task_id
    WHERE attempt.state = 'live' AND attempt.plan_id = :plan ORDER BY +attempt.fence LIMIT :most
"""
_TROUBLE = """
    SELECT task.key, task.title, task.state, substr(COALESCE(task.reason, ''), 1, 1000),
        attempt.ended_at, task.tries, COALESCE(task.max_attempts, run.max_attempts), task.retry_due
    FROM task LEFT JOIN attempt ON attempt.task_id = task.id AND attempt.n = task.attempt
        LEFT JOIN run ON run.id = task.run_id
"""
# The list of states is spelt as the partial index spells it, or it would not be used.
TROUBLED = f"""{_TROUBLE}
    WHERE task.plan_id = :plan AND task.kind = 'task' AND task.state <> 'cancelled'
        AND task.state IN ('failed', 'blocked', 'cancelled')
    ORDER BY task.state <> 'failed', task.ord LIMIT :most
"""
DELAYED = f"""{_TROUBLE}
    WHERE task.state = 'delayed' AND +task.plan_id = :plan ORDER BY task.retry_due LIMIT :most
"""
NEXT_UP = """
    SELECT task.key, task.title, task.type, COALESCE(phase.key, ''), task.priority, task.estimate
    FROM (
        SELECT id FROM task
        WHERE state = 'ready' AND parked_on IS NULL
            AND +plan_id = :plan AND (:run = 0 OR run_id = :run)
        ORDER BY rank, ord LIMIT :most
    ) AS best JOIN task ON task.id = best.id LEFT JOIN phase ON phase.id = task.phase_id
    ORDER BY task.rank, task.ord
"""
COUNT_NEXT = """
    SELECT count(*) FROM task
    WHERE state = 'ready' AND parked_on IS NULL
        AND +plan_id = :plan AND (:run = 0 OR run_id = :run)
"""
_MILESTONE = """
    SELECT phase.id, task.id, task.key, task.title, task.state, task.unmet
    FROM phase JOIN task ON task.id = phase.milestone_id
"""
MILESTONES = f"{_MILESTONE} WHERE phase.plan_id = :plan ORDER BY phase.ord, phase.id"
MILESTONE = f"{_MILESTONE} WHERE phase.id = :phase"
MILESTONE_MET = """
    SELECT at FROM event WHERE task_id = :task AND kind = 'milestone met'
    ORDER BY seq DESC, n DESC LIMIT 1
"""
# Not sorted: by id is by plan order, near enough, and need not read ten thousand members.
UNMET = """
    SELECT task.key FROM dep JOIN task ON task.id = dep.needs_id
    WHERE dep.task_id = :task AND task.state NOT IN ('done', 'skipped')
    ORDER BY dep.needs_id LIMIT :most
"""

# --- what is stuck -----------------------------------------------------------------------------

# Downstream of all that needs somebody, as far as `reach` nodes: the nearest come first.
STUCK = """
    WITH RECURSIVE behind (id) AS (
        SELECT dep.task_id FROM task JOIN dep ON dep.needs_id = task.id
        WHERE task.plan_id = :plan AND task.state IN ('failed', 'blocked', 'cancelled')
        UNION
        SELECT dep.task_id FROM behind JOIN dep ON dep.needs_id = behind.id
        LIMIT :reach
    )
    SELECT task.id, task.key, task.title, count(*) OVER (), (SELECT count(*) FROM behind)
    FROM behind JOIN task ON task.id = behind.id
    WHERE task.kind = 'task' AND task.state = 'waiting' ORDER BY task.ord LIMIT :most
"""
UNMET_IDS = """
    SELECT task.id FROM dep JOIN task ON task.id = dep.needs_id
    WHERE dep.task_id = :task AND task.state NOT IN ('done', 'skipped')
    ORDER BY task.id LIMIT :most
"""
# Upstream through what is unmet, as far as `reach` nodes: the nearest come first.
BEHIND = """
    WITH RECURSIVE above (id) AS (
        SELECT id FROM task WHERE id IN ({ids})
        UNION
        SELECT dep.needs_id FROM above JOIN dep ON dep.task_id = above.id
            JOIN task ON task.id = dep.needs_id
        WHERE task.state NOT IN ('done', 'skipped')
        LIMIT :reach
    )
    SELECT task.key FROM above JOIN task ON task.id = above.id
    WHERE task.state IN ('failed', 'blocked', 'cancelled') AND task.kind = 'task'
    ORDER BY task.ord
"""

# --- one phase, one task -----------------------------------------------------------------------

PHASE = f"SELECT {columns(PhaseRow)} FROM phase WHERE id = :phase"
EFFORT = """
    SELECT sum(estimate) FILTER (WHERE state = 'done' AND actual IS NOT NULL),
        sum(actual) FILTER (WHERE state = 'done' AND estimate IS NOT NULL),
        sum(estimate) FILTER (WHERE state NOT IN ('done', 'skipped', 'cancelled')),
        count(*) FILTER (
            WHERE state NOT IN ('done', 'skipped', 'cancelled') AND estimate IS NULL)
    FROM task WHERE plan_id = :plan AND kind = 'task'
"""
EFFORT_OF_PHASE = f"{EFFORT} AND phase_id = :phase"
# The attempt that completed a task is in `actual`, without the pauses of its run.
OTHERS_MS = """
    SELECT sum(past.ended_at - past.started_at) FROM attempt AS past
    WHERE past.task_id = task.id AND (past.state <> 'done' OR past.n < task.attempt)
"""
PHASE_TASKS = f"""
    SELECT task.key, task.title, task.state, COALESCE(attempt.agent, ''), attempt.state,
        attempt.percent, task.actual, task.estimate, ({OTHERS_MS})
    FROM task LEFT JOIN attempt ON attempt.task_id = task.id AND attempt.n = task.attempt
        AND attempt.state <> 'undone'
    WHERE task.phase_id = :phase AND task.kind = 'task' ORDER BY task.ord LIMIT :most
"""
MINUTES = f"SELECT actual, ({OTHERS_MS}) FROM task WHERE id = :task"
ATTEMPTS = """
    SELECT n, agent, started_at, ended_at, CASE state WHEN 'live' THEN '' ELSE state END,
        substr(COALESCE(error, ''), 1, 1000), percent, count(*) OVER () FROM attempt
    WHERE task_id = :task AND state <> 'undone' ORDER BY n DESC LIMIT :most
"""
STARTED = "SELECT min(started_at) FROM attempt WHERE task_id = :task AND state <> 'undone'"
LEFT_BEHIND = """
    SELECT substr(COALESCE(summary, ''), 1, 4000), substr(COALESCE(handoff, ''), 1, 4000),
        COALESCE(artifacts, '[]') FROM attempt
    WHERE task_id = :task AND (summary IS NOT NULL OR handoff IS NOT NULL)
    ORDER BY n DESC LIMIT 1
"""
LAST_CHANGE_OF_TASK = """
    SELECT seq, at FROM event WHERE task_id = :task ORDER BY seq DESC, n DESC LIMIT 1
"""
# None of the escaped quotes inside a note can look like this name.
NOTES = """
    SELECT at, data, count(*) OVER () FROM event
    WHERE task_id = :task AND kind = 'reported' AND data LIKE '%"note":%'
    ORDER BY seq DESC, n DESC LIMIT :most
"""
PLACE_OF_TASK = """
    SELECT phase.key, phase.status_file, task_text.files
    FROM task JOIN phase ON phase.id = task.phase_id JOIN task_text ON task_text.task_id = task.id
    WHERE task.id = :task AND phase.status_file IS NOT NULL
"""

# --- which pages are out of date ---------------------------------------------------------------

# Whatever is said of a whole plan may have changed any of its tasks.
PLAN_CHANGED = """
    SELECT 1 FROM event WHERE seq > :since AND plan_id = :plan
        AND kind IN ('plan_loaded', 'task_added') LIMIT 1
"""
# What had events, and what stands right behind it: that may have become ready or wait again.
_CHANGED = """
    WITH touched (id) AS (
        SELECT DISTINCT task_id FROM event
        WHERE seq > :since AND plan_id = :plan AND task_id IS NOT NULL
    ), changed (id) AS (
        SELECT id FROM touched
        UNION SELECT dep.task_id FROM touched JOIN dep ON dep.needs_id = touched.id
    )
"""
PHASES_CHANGED = f"""{_CHANGED}
    SELECT DISTINCT phase.id FROM changed JOIN task ON task.id = changed.id
        JOIN phase ON phase.id = task.phase_id WHERE phase.status_file IS NOT NULL
"""
_STARTED = """
    JOIN phase ON phase.id = task.phase_id
    WHERE task.attempt > 0 AND task.kind = 'task' AND phase.status_file IS NOT NULL
        AND EXISTS (SELECT 1 FROM attempt WHERE task_id = task.id AND state <> 'undone')
"""
TASKS_CHANGED = f"""{_CHANGED}
    SELECT task.id FROM changed JOIN task ON task.id = changed.id {_STARTED}
"""
ALL_PHASES = "SELECT id FROM phase WHERE plan_id = :plan AND status_file IS NOT NULL"
ALL_STARTED = f"SELECT task.id FROM task {_STARTED} AND task.plan_id = :plan"
