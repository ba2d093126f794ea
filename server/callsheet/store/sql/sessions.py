"""Who is connected."""

ADD = """
    INSERT INTO session (kind, host, boot, namespace, pid, pid_start, started_at)
    VALUES (:kind, :host, :boot, :namespace, :pid, :pid_start, :at) RETURNING id
"""
END = "UPDATE session SET ended_at = :at WHERE id = :session"
# Only those that hold something: nobody minds about the others.
HOLDERS = """
    SELECT DISTINCT session.id, session.host, session.boot, session.namespace, session.pid,
        session.pid_start
    FROM attempt JOIN session ON session.id = attempt.session_id
    WHERE attempt.state = 'live' AND session.ended_at IS NULL
"""
