"""The page of one phase."""

from callsheet.engine.pages.parts import Barrier, effort, last_change, milestone_line, tally
from callsheet.model.pages import PhaseStatus, PhaseTaskLine
from callsheet.store.port import Op, Row
from callsheet.store.rows import PhaseRow, PlanRow
from callsheet.store.sql import look as look_sql
from callsheet.store.sql import pages as sql

LISTED = 200


def phase_status(plan: PlanRow, phase: PhaseRow) -> Op[PhaseStatus]:
    """Everything on the page of a phase; at most 200 of its tasks, in plan order."""
    counts = yield look_sql.TALLY, {"plan": plan.id}
    here = tally({state: n for phase_id, state, n in counts if phase_id == phase.id})
    which = {"plan": plan.id, "phase": phase.id, "most": LISTED}
    rows = yield sql.PHASE_TASKS, which
    barriers = yield sql.MILESTONE, which
    return PhaseStatus(
        key=phase.key,
        title=phase.title,
        at_ms=(yield from last_change(plan)),
        tally=here,
        milestone=(yield from milestone_line(plan, Barrier._make(barriers[0]))),
        effort=effort((yield sql.EFFORT_OF_PHASE, which)),
        tasks=tuple(_task_line(row) for row in rows),
        tasks_total=here.total,
    )


def _task_line(row: Row) -> PhaseTaskLine:
    key, title, state, agent, attempt, percent, actual, estimate, others_ms = row
    return PhaseTaskLine(
        task=key,
        title=title,
        state=state,
        agent=agent,
        percent=percent if attempt == "live" else None,
        minutes=minutes_spent(actual, others_ms),
        estimate_minutes=estimate,
    )


def minutes_spent(actual: float | None, others_ms: int | None) -> float | None:
    """Minutes of the attempt that completed the task and of all others that have ended."""
    if actual is None and others_ms is None:
        return None
    return (actual or 0.0) + max(0, others_ms or 0) / 60_000
