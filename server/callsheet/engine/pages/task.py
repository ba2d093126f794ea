"""The page of one task: where it stands and what was done about it so far."""

import json

from callsheet.engine import attempts, lookup
from callsheet.engine.env import Env
from callsheet.engine.pages.phase import minutes_spent
from callsheet.model.pages import ArtifactLine, AttemptLine, NoteLine, TaskStatus
from callsheet.store.port import Op, Rows
from callsheet.store.rows import TaskRow
from callsheet.store.sql import pages as sql

LISTED = 20
ARTIFACTS_LISTED = 50
SAID_WHY = ("blocked", "failed", "delayed", "skipped", "cancelled")


def task_status(env: Env, task: TaskRow, changed_ms: int) -> Op[TaskStatus]:
    """Everything on the page of a task; `changed_ms` is when something last happened to it."""
    which = {"task": task.id, "most": LISTED}
    rows = yield sql.ATTEMPTS, which
    last = rows[0] if rows else None
    notes = yield sql.NOTES, which
    waits = (yield sql.UNMET, which) if task.state == "waiting" else []
    [(actual, others_ms)] = yield sql.MINUTES, which
    [(started,)] = yield sql.STARTED, which
    summary, handoff, artifacts = yield from _left_behind(task)
    return TaskStatus(
        key=task.key,
        title=task.title,
        state=task.state,
        at_ms=changed_ms,
        phase=(yield from lookup.phase_key(task.phase_id)) or "",
        type=task.type,
        agent=last[1] if last else "",
        percent=last[6] if last and not last[4] else None,
        started_ms=started,
        ended_ms=last[3] if last else None,
        minutes=minutes_spent(actual, others_ms),
        estimate_minutes=task.estimate,
        max_attempts=(yield from attempts.max_attempts(env, task)),
        reason=(task.reason or "")[:1000] if task.state in SAID_WHY else "",
        waits_for=tuple(key for (key,) in waits),
        attempts=tuple(AttemptLine(*row[:6]) for row in reversed(rows)),
        attempts_total=last[7] if last else 0,
        notes=_notes(notes),
        notes_total=notes[0][2] if notes else 0,
        summary=summary,
        artifacts=artifacts[:ARTIFACTS_LISTED],
        artifacts_total=len(artifacts),
        handoff=handoff,
    )


def _notes(rows: Rows) -> tuple[NoteLine, ...]:
    """Oldest first."""
    said = ((at, json.loads(data)) for at, data, _ in reversed(rows))
    return tuple(NoteLine(at, data["note"], data.get("percent")) for at, data in said)


def _left_behind(task: TaskRow) -> Op[tuple[str, str, tuple[ArtifactLine, ...]]]:
    """Summary, handoff and artifacts of the last attempt that left any."""
    rows = yield sql.LEFT_BEHIND, {"task": task.id}
    if not rows:
        return "", "", ()
    summary, handoff, artifacts = rows[0]
    lines = (
        ArtifactLine(str(a.get("kind", "")), str(a.get("path", "")), str(a.get("note") or ""))
        for a in json.loads(artifacts)
    )
    return summary, handoff, tuple(lines)
