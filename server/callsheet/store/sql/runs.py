"""Starting and steering runs."""

from callsheet.store.rows import RunRow, columns

ADD_RUN = f"""
    INSERT INTO run (plan_id, state, scope, max_running, slots, total, remaining, max_attempts,
        max_silence, max_runtime, budgets, started_at)
    VALUES (:plan, 'active', :scope, :parallel, :parallel, :total, :remaining, :max_attempts,
        :max_silence, :max_runtime, :budgets, :at)
    RETURNING {columns(RunRow)}
"""
JOIN_RUN = "UPDATE task SET run_id = :run WHERE id = :task"
JOIN_ALL = "UPDATE task SET run_id = :run WHERE plan_id = :plan AND kind = 'task'"
SET_STATE = f"""
    UPDATE run SET state = :state, paused_mono = :paused, ended_at = :ended
    WHERE id = :run RETURNING {columns(RunRow)}
"""
SET_PARALLEL = f"""
    UPDATE run SET max_running = :parallel, slots = :parallel
    WHERE id = :run RETURNING {columns(RunRow)}
"""
SET_BUDGETS = f"UPDATE run SET budgets = :budgets WHERE id = :run RETURNING {columns(RunRow)}"
SET_LIMITS = f"""
    UPDATE run SET max_attempts = COALESCE(:max_attempts, max_attempts),
        max_silence = COALESCE(:max_silence, max_silence),
        max_runtime = COALESCE(:max_runtime, max_runtime)
    WHERE id = :run RETURNING {columns(RunRow)}
"""
# While a run is paused only the lease counts: a killed session still gives its tasks back.
HOLD_CLOCKS = "UPDATE attempt SET due = lease_due WHERE run_id = :run AND state = 'live'"
# Also of lost attempts: they may come back.
MOVE_CLOCKS = """
    UPDATE attempt SET silent_due = silent_due + :pause, runtime_due = runtime_due + :pause,
        started_mono = started_mono + :pause,
        due = CASE WHEN silent_due + :pause < lease_due AND silent_due < runtime_due
                THEN silent_due + :pause
            WHEN runtime_due + :pause < lease_due THEN runtime_due + :pause
            ELSE lease_due END
    WHERE run_id = :run AND state IN ('live', 'lost')
"""
