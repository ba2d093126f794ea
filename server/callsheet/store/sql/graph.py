"""How the end or the return of a task spreads over the graph."""

from callsheet.store.rows import TaskRow, columns

# Only a waiting task moves: a running one keeps running, a closed one stays closed.
MET = f"""
    UPDATE task SET unmet = unmet - 1, state = CASE
        WHEN unmet = 1 AND state = 'waiting' AND kind = 'task' THEN 'ready'
        WHEN unmet = 1 AND state = 'waiting' THEN 'done'
        ELSE state END
    WHERE id IN (SELECT task_id FROM dep WHERE needs_id = :id)
    RETURNING {columns(TaskRow)}
"""
DEPENDENTS = f"""
    SELECT {columns(TaskRow, "task")} FROM dep JOIN task ON task.id = dep.task_id
    WHERE dep.needs_id = :id
"""
UNMET = """
    UPDATE task SET unmet = unmet + 1 WHERE id IN (SELECT task_id FROM dep WHERE needs_id = :id)
"""
BACK_TO_WAITING = """
    UPDATE task SET state = 'waiting', retry_due = NULL, parked_on = NULL, parked_mono = NULL
    WHERE id = :id
"""
COUNT_UNMET = """
    SELECT count(*) FROM dep JOIN task ON task.id = dep.needs_id
    WHERE dep.task_id = :id AND task.state NOT IN ('done', 'skipped')
"""
# Everything downstream that can't proceed while this one is not met.
STUCK_BEHIND = """
    WITH RECURSIVE behind (id) AS (
        SELECT task_id FROM dep WHERE needs_id = :id
        UNION
        SELECT dep.task_id FROM dep JOIN behind ON dep.needs_id = behind.id
    )
    SELECT task.key FROM behind JOIN task ON task.id = behind.id
    WHERE task.kind = 'task' AND task.state = 'waiting' ORDER BY task.ord
"""
