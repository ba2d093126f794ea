"""The lock, the counters and the event log."""

LOCK = "UPDATE project SET seq = seq + 1 WHERE id = 1 RETURNING seq, boot"
SET_BOOT = "UPDATE project SET boot = :boot WHERE id = 1"
SEQ = "SELECT seq FROM project WHERE id = 1"

ADD_EVENT = """
    INSERT INTO event (seq, n, at, kind, plan_id, run_id, task_id, attempt, session_id, agent, data)
    VALUES (:seq, :n, :at, :kind, :plan, :run, :task, :attempt, :session, :agent, :data)
"""
ADD_TALLY = """
    INSERT INTO tally (plan_id, phase_id, state, n) VALUES (:plan, :phase, :state, :n)
    ON CONFLICT (plan_id, phase_id, state) DO UPDATE SET n = tally.n + excluded.n
"""
ADD_TO_RUN = """
    UPDATE run SET running = running + :running, attempts = attempts + :attempts,
        minutes = minutes + :minutes, slots = CASE
            WHEN slots + :slots > max_running THEN max_running ELSE slots + :slots END,
        remaining = remaining + CASE WHEN state <> 'finished' THEN :remaining ELSE 0 END,
        total = total + :total
    WHERE id = :run RETURNING state, running, remaining, total
"""
FINISH_RUN = "UPDATE run SET state = 'finished', ended_at = :at WHERE id = :run"
DRAINED = "UPDATE run SET state = 'paused', paused_mono = :mono WHERE id = :run"
