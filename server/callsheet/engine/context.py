"""What the executor of a task is told: the task, what others left for it, what was tried before.

A claim's answer stays below 12 kB (DESIGN section 6): texts that would burst it are cut, and
say so.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

from callsheet.engine.env import Moment
from callsheet.engine.fit import clipped, cost, head, title, within
from callsheet.model.outcome import ClaimedTask, Handoff, PreviousAttempt, TaskContext, to_answer
from callsheet.store.port import Op
from callsheet.store.rows import AttemptRow, TaskRow
from callsheet.store.sql import work as sql

BRIEF_BYTES = 4_000
LIST_BYTES = 1_000
CRITERION_BYTES = 500
NAME_BYTES = 100
HANDOFFS_BYTES = 2_400
HANDOFF_BYTES = 500
ATTEMPTS_BYTES = 1_200


def task_for_executor(
    task: TaskRow, phase: str | None, most: int
) -> Op[tuple[ClaimedTask, list[str]]]:
    """The task as its executor sees it, tried `most` times at most, and the files to read."""
    [(brief, told, files)] = yield sql.TEXT, {"task": task.id}
    excerpt = head(brief, BRIEF_BYTES)
    criteria = [clipped(item, CRITERION_BYTES) or "" for item in json.loads(told)]
    acceptance, acceptance_total = _within(criteria)
    resources, resources_total = _within(json.loads(task.resources or "[]"))
    shown = ClaimedTask(
        key=task.key,
        title=title(task.title),
        type=task.type,
        brief=excerpt,
        acceptance=acceptance,
        resources=resources,
        attempt=task.attempt,
        attempts_left=max(0, most - task.tries),
        phase=phase,
        estimate_minutes=task.estimate,
        route=clipped(task.route, NAME_BYTES),
        brief_chars=len(brief) if len(excerpt) < len(brief) else None,
        acceptance_total=acceptance_total,
        resources_total=resources_total,
    )
    return shown, json.loads(files)


def context(task: TaskRow, files: Sequence[str], now: Moment) -> Op[TaskContext]:
    """Files, handoffs and the last three attempts at this task.

    Handoffs come first from the tasks right before; then, of the phases before, only what somebody
    meant to hand over: their summaries would be too many.
    """
    rows = yield sql.HANDOFFS, {"task": task.id}
    rows += yield sql.PHASE_HANDOFFS, {"task": task.id, "plan": task.plan_id}
    handoffs: list[Handoff] = []
    room = HANDOFFS_BYTES
    for key, name, summary, handoff, artifacts in rows:
        item = Handoff(
            key,
            title(name),
            clipped(summary, HANDOFF_BYTES),
            clipped(handoff, HANDOFF_BYTES),
            tuple(within(json.loads(artifacts or "[]"), HANDOFF_BYTES)),
        )
        room -= cost(to_answer(item))
        if room < 0:
            break
        handoffs.append(item)
    previous = yield from _previous_attempts(task, now)
    total = len(rows) if len(rows) > len(handoffs) else None
    shown, files_total = _within(files)
    return TaskContext(shown, tuple(handoffs), previous, total, files_total)


def _previous_attempts(task: TaskRow, now: Moment) -> Op[tuple[PreviousAttempt, ...]]:
    if task.attempt <= 1:
        return ()
    rows = yield sql.PREVIOUS_ATTEMPTS, {"task": task.id, "n": task.attempt}
    seen = [_previous(AttemptRow._make(row), now) for row in rows]
    share = ATTEMPTS_BYTES // max(1, len(seen)) // 3
    return tuple(
        replace(
            p,
            error=clipped(p.error, share),
            note=clipped(p.note, share),
            handoff=clipped(p.handoff, share),
        )
        for p in seen
    )


def _previous(attempt: AttemptRow, now: Moment) -> PreviousAttempt:
    warning = None
    if attempt.state in ("lost", "superseded"):
        minutes = round((now.wall - attempt.seen_at) / 60_000, 1)
        warning = (
            f"Fell silent; last sign {minutes} minutes ago. It may still be editing: "
            "look at what has changed before you begin."
        )
    return PreviousAttempt(
        attempt=attempt.n,
        agent=attempt.agent,
        outcome=attempt.state,
        kind=attempt.error_kind,
        error=attempt.error,
        percent=attempt.percent,
        note=attempt.note,
        handoff=attempt.handoff,
        warning=warning,
    )


def _within(items: Sequence[str]) -> tuple[tuple[str, ...], int | None]:
    """As many whole items as fit, and how many there are when that isn't all; get_task has more."""
    shown = tuple(within(items, LIST_BYTES))
    return shown, len(items) if len(shown) < len(items) else None
