"""What running tasks hold, and who waits for it."""

HELD = "SELECT resource FROM held"
HELD_BY_OTHERS = "SELECT resource FROM held WHERE task_id <> :task"
HOLD = "INSERT INTO held (resource, task_id) VALUES (:resource, :task)"
GIVE_BACK = "DELETE FROM held WHERE task_id = :task"
POOLS = "SELECT name, capacity FROM pool"

PARK = "UPDATE task SET parked_on = :on, parked_mono = COALESCE(parked_mono, :now) WHERE id = :task"
# The best few only: of ten thousand tasks behind one resource, one can have it next.
WAKE = """
    UPDATE task SET parked_on = NULL WHERE id IN (
        SELECT id FROM task WHERE parked_on = :on ORDER BY rank, ord LIMIT :most
    ) RETURNING id
"""
LOOSEN = "INSERT INTO loose (resource) VALUES (:on) ON CONFLICT DO NOTHING"
LOOSE = "SELECT resource FROM loose LIMIT 20"
TIGHTEN = "DELETE FROM loose WHERE resource = :on"

# Parked for long: nobody who came later may take what it waits for. Once its way is free it goes
# first. Only while its run hands out tasks, else it would keep others waiting for nothing.
STARVING = """
    SELECT task.id, task.resources, task.parked_on, task.class_id, task.run_id
    FROM task JOIN run ON run.id = task.run_id
    WHERE task.parked_mono IS NOT NULL AND task.parked_mono <= :since
        AND task.state = 'ready' AND run.state = 'active'
    ORDER BY task.parked_mono, task.id LIMIT 20
"""
# The transaction that took a silent holder's task back may have handed out another one at once.
TAKEN_SINCE = """
    SELECT resources FROM attempt
    WHERE fence >= :seq AND task_id <> :task AND resources IS NOT NULL
"""
