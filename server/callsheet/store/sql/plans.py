"""Loading plans and adding to them."""

from callsheet.store.rows import TaskRow, columns

ADD_PLAN = """
    INSERT INTO plan (name, title, format, source, digest, loaded_at)
    VALUES (:name, :title, :format, :source, :digest, :at) RETURNING id
"""
UPDATE_PLAN = """
    UPDATE plan SET title = :title, format = :format, source = :source, digest = :digest,
        loaded_at = :at WHERE id = :plan
"""
# The next load must not find the source unchanged.
READ_AGAIN = "UPDATE plan SET digest = '' WHERE id = :plan"
NEXT_TASK_ID = "SELECT COALESCE(max(id), 0) + 1 FROM task"
NEXT_ORD = "SELECT COALESCE(max(ord), 0) + 1 FROM task WHERE plan_id = :plan"

ADD_PHASE = """
    INSERT INTO phase (plan_id, key, title, ord, milestone_id, depends_on, status_file)
    VALUES (:plan, :key, :title, :ord, :milestone, :depends_on, :status_file) RETURNING id
"""
UPDATE_PHASE = """
    UPDATE phase SET title = :title, ord = :ord, depends_on = :depends_on,
        status_file = :status_file WHERE id = :phase
"""

CLASSES = "SELECT type, requires, id FROM class"
ADD_CLASS = "INSERT INTO class (type, requires) VALUES (:type, :requires) RETURNING id"
SET_POOL = """
    INSERT INTO pool (name, capacity, plan_id) VALUES (:name, :capacity, :plan)
    ON CONFLICT (name) DO UPDATE SET capacity = excluded.capacity, plan_id = excluded.plan_id
"""
OWN_POOLS = "SELECT name FROM pool WHERE plan_id = :plan"
DROP_POOL = "DELETE FROM pool WHERE name = :name"

ADD_TASK = """
    INSERT INTO task (id, plan_id, key, kind, phase_id, parent_id, ord, title, type, class_id,
        priority, estimate, route, resources, state, reason, max_attempts,
        max_silence, max_runtime, run_id)
    VALUES (:id, :plan, :key, :kind, :phase, :parent, :ord, :title, :type, :class,
        :priority, :estimate, :route, :resources, :state, :reason, :max_attempts,
        :max_silence, :max_runtime, :run)
"""
# A running task keeps the resources it holds; what it is given now counts from the next attempt.
UPDATE_TASK = """
    UPDATE task SET kind = :kind, phase_id = :phase, parent_id = :parent, ord = :ord,
        title = :title, type = :type, class_id = :class, priority = :priority,
        estimate = :estimate, route = :route, resources = :resources,
        max_attempts = :max_attempts, max_silence = :max_silence, max_runtime = :max_runtime,
        vanished = 0,
        parked_on = NULL, parked_mono = NULL
    WHERE id = :id
"""
PLACE_TASK = "UPDATE task SET ord = :ord, vanished = 0 WHERE id = :id"
PUT_LAST = "UPDATE task SET ord = :ord WHERE id = :id"
VANISH = "UPDATE task SET vanished = 1 WHERE id = :id"
SET_TEXT = """
    INSERT INTO task_text (task_id, brief, acceptance, files, needs, file, line, origin, digest)
    VALUES (:id, :brief, :acceptance, :files, :needs, :file, :line, :origin, :digest)
    ON CONFLICT (task_id) DO UPDATE SET brief = excluded.brief, acceptance = excluded.acceptance,
        files = excluded.files, needs = excluded.needs, file = excluded.file,
        line = excluded.line, origin = excluded.origin, digest = excluded.digest
"""
# What a running attempt was told stays what it was told.
KEEP_BRIEF = """
    UPDATE attempt SET brief = (SELECT brief FROM task_text WHERE task_id = :id)
    WHERE task_id = :id AND state = 'live' AND brief IS NULL
"""
KEPT_BRIEF = """
    SELECT brief FROM attempt
    WHERE task_id = :task AND state = 'live' AND brief IS NOT NULL AND brief <> :brief
"""
KNOWN = f"""
    SELECT {columns(TaskRow, "task")}, task_text.origin, task_text.digest
    FROM task JOIN task_text ON task_text.task_id = task.id WHERE task.plan_id = :plan
"""

ADD_DEP = "INSERT INTO dep (needs_id, task_id, kind, since) VALUES (:needs, :task, :kind, :since)"
DROP_DEP = "DELETE FROM dep WHERE needs_id = :needs AND task_id = :task"

# --- the whole graph, to settle it after a change -------------------------------------------

NODES = """
    SELECT id, key, kind, phase_id, run_id, state, unmet, priority, estimate, resources, rank, ord
    FROM task WHERE plan_id = :plan ORDER BY ord, id
"""
DEPS = """
    SELECT dep.task_id, dep.needs_id, dep.kind FROM task JOIN dep ON dep.task_id = task.id
    WHERE task.plan_id = :plan
"""
SET_UNMET = "UPDATE task SET unmet = :unmet WHERE id = :id"
SET_STATE = """
    UPDATE task SET state = :state, retry_due = NULL, parked_on = NULL, parked_mono = NULL
    WHERE id = :id
"""
SET_RANK = "UPDATE task SET rank = :rank WHERE id = :id"
COUNT_ANEW = (
    "DELETE FROM tally WHERE plan_id = :plan",
    """
    INSERT INTO tally (plan_id, phase_id, state, n)
    SELECT plan_id, phase_id, state, count(*) FROM task
    WHERE plan_id = :plan AND kind = 'task' GROUP BY plan_id, phase_id, state
    """,
)
COUNT_RUN = """
    UPDATE run SET total = counted.total, remaining = counted.remaining FROM (
        SELECT count(*) AS total,
            count(*) FILTER (WHERE state NOT IN ('done', 'skipped', 'cancelled')) AS remaining
        FROM task WHERE run_id = :run AND kind = 'task'
    ) AS counted WHERE run.id = :run RETURNING remaining
"""
NEEDS = """
    SELECT task.key, task.phase_id, task.parent_id, task_text.needs, task_text.origin
    FROM task JOIN task_text ON task_text.task_id = task.id WHERE task.plan_id = :plan
"""
COUNT_STATED = """
    SELECT count(*) FROM task JOIN dep ON dep.task_id = task.id
    WHERE task.plan_id = :plan AND dep.kind = 'stated'
"""
IMPLIED = """
    SELECT task.key, needs.key FROM task JOIN dep ON dep.task_id = task.id
        JOIN task AS needs ON needs.id = dep.needs_id
    WHERE task.plan_id = :plan AND dep.kind = 'implied'
"""
