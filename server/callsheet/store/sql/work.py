"""Claims and what their holders do with them."""

from functools import lru_cache

from callsheet.store.rows import AttemptRow, RunRow, TaskRow, columns

# --- finding ---------------------------------------------------------------------------------

BY_CLAIM = f"""
    SELECT {columns(TaskRow, "task")}, {columns(AttemptRow, "attempt")}
    FROM task JOIN attempt ON attempt.task_id = task.id
    WHERE task.key = :key AND attempt.n = :n AND attempt.secret = :secret
"""
LAST_ATTEMPT = f"""
    SELECT {columns(AttemptRow)} FROM attempt WHERE task_id = :task ORDER BY n DESC LIMIT 1
"""
UNFINISHED_RUN = f"""
    SELECT {columns(RunRow)} FROM run
    WHERE plan_id = :plan AND state IN ('active', 'paused', 'draining')
"""
RUN = f"SELECT {columns(RunRow)} FROM run WHERE id = :run"
LAST_RUN = f"SELECT {columns(RunRow)} FROM run WHERE plan_id = :plan ORDER BY id DESC LIMIT 1"

# --- handing out -----------------------------------------------------------------------------

# The limit is exact because this is one guarded UPDATE under the lock.
TAKE_SLOT = """
    UPDATE run SET running = running + 1, attempts = attempts + 1
    WHERE id = :run AND state = 'active' AND running < slots RETURNING id
"""
CLASSES = "SELECT id, type, requires FROM class"
RUNNING_BY_TYPE = """
    SELECT task.type, count(*) FROM attempt JOIN task ON task.id = attempt.task_id
    WHERE attempt.state = 'live' AND attempt.plan_id = :plan GROUP BY task.type
"""
DECLINED = """
    SELECT task_id FROM declined
    WHERE session_id = :session AND agent = :agent AND until_mono > :now
"""
MARK_RUNNING = f"""
    UPDATE task SET state = 'running', attempt = attempt + 1, tries = tries + 1,
        retry_due = NULL, reason = NULL, parked_on = NULL, parked_mono = NULL
    WHERE id = :task AND state = 'ready' RETURNING {columns(TaskRow)}
"""
ADD_ATTEMPT = """
    INSERT INTO attempt (task_id, n, fence, plan_id, run_id, session_id, agent, secret, state,
        resources, started_at, started_mono, seen_at, silence_ms,
        lease_due, silent_due, runtime_due, due)
    VALUES (:task, :n, :fence, :plan, :run, :session, :agent, :secret, 'live',
        :resources, :wall, :mono, :wall, :silence_ms,
        :lease_due, :silent_due, :runtime_due, :due)
"""
TEXT = "SELECT brief, acceptance, files FROM task_text WHERE task_id = :task"
HOLDING = """
    SELECT task.key FROM attempt JOIN task ON task.id = attempt.task_id
    WHERE attempt.session_id = :session AND attempt.state = 'live' AND attempt.agent = :agent
    ORDER BY attempt.fence
"""
PREVIOUS_ATTEMPTS = f"""
    SELECT {columns(AttemptRow)} FROM attempt
    WHERE task_id = :task AND n < :n AND state <> 'undone' ORDER BY n DESC LIMIT 3
"""
# What the tasks right before this one left behind.
HANDOFFS = """
    SELECT task.key, task.title, attempt.summary, attempt.handoff, attempt.artifacts
    FROM dep JOIN task ON task.id = dep.needs_id
        JOIN attempt ON attempt.task_id = task.id AND attempt.n = task.attempt
            AND attempt.state = 'done'
    WHERE dep.task_id = :task AND task.state = 'done' AND task.kind = 'task'
    ORDER BY attempt.ended_seq DESC
"""


# Behind a phase boundary or in a container: only what somebody meant to hand over, of the plan's
# newest fifty handoffs, so that the cost does not grow with the phase.
PHASE_HANDOFFS = """
    SELECT task.key, task.title, NULL, recent.handoff, recent.artifacts
    FROM (
        SELECT task_id, n, state, handoff, artifacts, ended_seq FROM attempt
        WHERE plan_id = :plan AND handoff IS NOT NULL ORDER BY ended_seq DESC LIMIT 50
    ) AS recent JOIN task ON task.id = recent.task_id AND task.attempt = recent.n
    WHERE recent.state = 'done' AND task.state = 'done'
        AND EXISTS (
            SELECT 1 FROM dep AS part JOIN dep AS own ON own.needs_id = part.task_id
            WHERE part.needs_id = task.id AND part.kind = 'member' AND own.task_id = :task)
        AND NOT EXISTS (
            SELECT 1 FROM dep AS own WHERE own.needs_id = task.id AND own.task_id = :task)
    ORDER BY recent.ended_seq DESC LIMIT 10
"""


@lru_cache(maxsize=256)
def candidates(classes: tuple[int, ...]) -> str:
    """The best ready tasks of a run behind a place in its order, one short branch a class."""
    branch = """
        SELECT * FROM (
            SELECT id, rank, ord, resources FROM task
            WHERE run_id = :run AND class_id = {} AND state = 'ready' AND parked_on IS NULL
                AND (rank, ord) > (:rank, :ord)
            ORDER BY rank, ord LIMIT :most
        ) AS best{}
    """
    union = " UNION ALL ".join(branch.format(number, number) for number in classes)
    return f"SELECT id, rank, ord, resources FROM ({union}) AS best ORDER BY rank, ord LIMIT :most"


# --- while it runs ---------------------------------------------------------------------------

SEEN = """
    UPDATE attempt SET session_id = :session, seen_at = :wall, lease_due = :lease_due,
        silent_due = :silent_due, due = :due, percent = COALESCE(:percent, percent),
        note = COALESCE(:note, note), tokens = :tokens, cost_usd = :cost_usd, state = 'live',
        ended_at = NULL, ended_seq = NULL, error = NULL, error_kind = NULL
    WHERE id = :attempt
"""
SPEND = """
    UPDATE run SET tokens = tokens + :tokens, cost_usd = cost_usd + :cost_usd WHERE id = :run
"""
BACK_TO_RUNNING = f"""
    UPDATE task SET state = 'running', retry_due = NULL, reason = NULL,
        parked_on = NULL, parked_mono = NULL,
        tries = CASE WHEN tries + :tries < 1 THEN 1 ELSE tries + :tries END
    WHERE id = :task RETURNING {columns(TaskRow)}
"""
TAKE_SLOT_BACK = """
    UPDATE run SET running = running + 1
    WHERE id = :run AND state IN ('active', 'draining') AND running < slots RETURNING id
"""
# Renewal changes no state, so it takes no number in the event order and wakes nobody.
RENEW = """
    UPDATE attempt SET lease_due = :lease_due, due = CASE
        WHEN (SELECT state FROM run WHERE run.id = attempt.run_id) = 'paused' THEN :lease_due
        WHEN silent_due < :lease_due AND silent_due < runtime_due THEN silent_due
        WHEN runtime_due < :lease_due THEN runtime_due
        ELSE :lease_due END
    WHERE session_id = :session AND state = 'live' RETURNING id
"""

PAUSED_SINCE = "SELECT paused_mono FROM run WHERE id = :run"

# --- its end ---------------------------------------------------------------------------------

MOVE = """
    UPDATE task SET state = :state, tries = :tries, releases = :releases, retry_due = :retry_due,
        reason = :reason, ended_at = :ended_at, actual = :actual,
        parked_on = NULL, parked_mono = NULL
    WHERE id = :id
"""
END_ATTEMPT = """
    UPDATE attempt SET state = :state, ended_at = :at, ended_seq = :seq,
        error = :error, error_kind = :error_kind, summary = :summary,
        handoff = COALESCE(:handoff, handoff), artifacts = :artifacts, acceptance = :acceptance,
        tokens = :tokens, cost_usd = :cost_usd, answer = :answer
    WHERE id = :id
"""
DECLINE = """
    INSERT INTO declined (task_id, session_id, agent, until_mono)
    VALUES (:task, :session, :agent, :until)
    ON CONFLICT (session_id, agent, task_id) DO UPDATE SET until_mono = excluded.until_mono
"""
FORGET_DECLINED = """
    DELETE FROM declined WHERE (session_id, agent, task_id) IN (
        SELECT session_id, agent, task_id FROM declined WHERE until_mono <= :now LIMIT 50)
"""
SUPERSEDE = """
    UPDATE attempt SET state = 'superseded' WHERE task_id = :task AND n = :n AND state = 'lost'
"""
COUNTED = "UPDATE attempt SET counted_minutes = :minutes WHERE id = :id"
# Before attempt n, since the last one that ended otherwise.
RATE_LIMITS_IN_A_ROW = """
    SELECT count(*) FROM attempt
    WHERE task_id = :task AND n < :n AND error_kind = 'rate_limited' AND n > COALESCE((
        SELECT max(n) FROM attempt
        WHERE task_id = :task AND n < :n AND state <> 'undone'
            AND (error_kind IS NULL OR error_kind <> 'rate_limited')), 0)
"""
SLOW_DOWN = "UPDATE run SET slots = CASE WHEN slots > 1 THEN slots / 2 ELSE 1 END WHERE id = :run"

# --- taking back -----------------------------------------------------------------------------

DUE = f"""
    SELECT {columns(AttemptRow, "attempt")}, session.ended_at
    FROM attempt JOIN session ON session.id = attempt.session_id
    WHERE attempt.state = 'live' AND attempt.due <= :now ORDER BY attempt.due LIMIT :most
"""
OF_SESSION = f"""
    SELECT {columns(AttemptRow, "attempt")}, session.ended_at
    FROM attempt JOIN session ON session.id = attempt.session_id
    WHERE attempt.state = 'live' AND attempt.session_id = :session
"""
ALL_LIVE = f"""
    SELECT {columns(AttemptRow, "attempt")}, session.ended_at
    FROM attempt JOIN session ON session.id = attempt.session_id WHERE attempt.state = 'live'
"""
WAKE_DELAYED = f"""
    UPDATE task SET state = 'ready', retry_due = NULL WHERE id IN (
        SELECT id FROM task WHERE state = 'delayed' AND retry_due <= :now
        ORDER BY retry_due LIMIT :most
    ) RETURNING {columns(TaskRow)}
"""
NEXT_DUE = """
    SELECT (SELECT boot FROM project), (SELECT min(due) FROM attempt WHERE state = 'live'),
        (SELECT min(retry_due) FROM task WHERE state = 'delayed')
"""
AFTER_REBOOT = (
    "UPDATE task SET retry_due = :now WHERE state = 'delayed'",
    "UPDATE task SET parked_mono = :now WHERE parked_mono IS NOT NULL",
    "UPDATE run SET paused_mono = :now WHERE paused_mono IS NOT NULL",
    "DELETE FROM declined",
    """
    UPDATE attempt SET started_mono = :now, counted_minutes = 0,
        runtime_due = :now + CAST(60000 * COALESCE(
            (SELECT max_runtime FROM task WHERE task.id = attempt.task_id),
            (SELECT max_runtime FROM run WHERE run.id = attempt.run_id),
            :runtime) AS BIGINT)
    WHERE state IN ('live', 'lost')
    """,
)
