"""The project page: one plan at a glance. Lists are cut, totals are exact."""

import json
from collections.abc import Mapping, Sequence

from callsheet.engine import look, lookup
from callsheet.engine.budgets import budget_spent
from callsheet.engine.env import Caller, Env
from callsheet.engine.pages.parts import (
    Barrier,
    effort,
    last_change,
    met_ms,
    milestone_line,
    milestones,
    tally,
)
from callsheet.engine.pages.stuck import stuck_tasks
from callsheet.model.pages import (
    MilestoneLine,
    NextLine,
    PhaseLine,
    ProjectStatus,
    RunLine,
    RunningLine,
    TroubleLine,
)
from callsheet.model.rank import PRIORITY_NAMES
from callsheet.store.port import Op, Row
from callsheet.store.rows import PlanRow, RunRow
from callsheet.store.sql import pages as sql

LISTED = 20
PHASES_LISTED = 50
SCOPE_NAMED = 10


def project_status(env: Env, plan: PlanRow) -> Op[ProjectStatus]:
    """Everything on the project page of a plan."""
    counts = yield from look.tallies(plan.id)
    total = tally(counts.get(None, {}))
    run = yield from lookup.last_run(plan.id)
    live = yield sql.RUNNING, {"plan": plan.id, "most": LISTED}
    stuck = yield from stuck_tasks(plan.id, LISTED)
    next_up, next_total = yield from _next_up(plan, run)
    barriers = yield from milestones(plan.id)
    return ProjectStatus(
        plan=plan.name,
        title=plan.title,
        at_ms=(yield from last_change(plan)),
        tally=total,
        run=(yield from _run_line(env, run)) if run is not None else None,
        effort=effort((yield sql.EFFORT, {"plan": plan.id})),
        phases=(yield from _phase_lines(plan, barriers[:PHASES_LISTED], counts)),
        phases_total=len(barriers),
        running=tuple(RunningLine(*row) for row in live),
        running_total=total.running,
        troubled=(yield from _troubled(env, plan)),
        troubled_total=total.failed + total.blocked + total.delayed,
        stuck=stuck.lines,
        stuck_total=stuck.total,
        stuck_at_least=stuck.at_least,
        next_up=next_up,
        next_total=next_total,
        milestones=(yield from _milestones(plan, barriers)),
        milestones_total=len(barriers),
    )


def _next_up(plan: PlanRow, run: RunRow | None) -> Op[tuple[tuple[NextLine, ...], int]]:
    """What would be handed out next; while a run goes on, only what is in its scope."""
    scope = run.id if run is not None and run.ended_at is None else 0
    which = {"plan": plan.id, "run": scope, "most": LISTED}
    rows = yield sql.NEXT_UP, which
    [(total,)] = yield sql.COUNT_NEXT, which
    lines = tuple(
        NextLine(key, title, kind, phase, PRIORITY_NAMES[priority], estimate)
        for key, title, kind, phase, priority, estimate in rows
    )
    return lines, total


def _run_line(env: Env, run: RunRow) -> Op[RunLine]:
    over = None
    if run.state == "active":
        over = yield from budget_spent(Caller("", 0), run, env.clock.now())
    return RunLine(
        state=run.state,
        limit=run.max_running,
        running=run.running,
        effective_limit=run.slots,
        scope=_scope_text(json.loads(run.scope)),
        started_ms=run.started_at,
        ended_ms=run.ended_at,
        note=over.why if over is not None else "",
    )


def _scope_text(scope: Mapping[str, Sequence[str]]) -> str:
    """`phases 1, 2; tasks 3.1`; empty for everything."""
    texts = []
    for what in ("phases", "tasks"):
        keys = scope.get(what, ())
        more = f" and {len(keys) - SCOPE_NAMED} more" if len(keys) > SCOPE_NAMED else ""
        if keys:
            texts.append(f"{what} {', '.join(keys[:SCOPE_NAMED])}{more}")
    return "; ".join(texts)


def _phase_lines(
    plan: PlanRow, barriers: Sequence[Barrier], counts: Mapping[int | None, Mapping[str, int]]
) -> Op[tuple[PhaseLine, ...]]:
    phases = yield from lookup.phases(plan)
    keys = {phase.id: phase.key for phase in phases}
    lines = []
    for barrier in barriers:
        met = (yield from met_ms(plan, barrier)) if barrier.state == "done" else None
        here = tally(counts.get(barrier.phase_id, {}))
        lines.append(PhaseLine(keys[barrier.phase_id], barrier.title, here, met))
    return tuple(lines)


def _milestones(plan: PlanRow, barriers: Sequence[Barrier]) -> Op[tuple[MilestoneLine, ...]]:
    """Those that are open before those that are met."""
    ordered = sorted(barriers, key=lambda barrier: barrier.state == "done")
    lines = []
    for barrier in ordered[:LISTED]:
        line = yield from milestone_line(plan, barrier)
        lines.append(line)
    return tuple(lines)


def _troubled(env: Env, plan: PlanRow) -> Op[tuple[TroubleLine, ...]]:
    """Failed ones first, then blocked ones, then those that will be tried again."""
    which = {"plan": plan.id, "most": LISTED}
    rows = yield sql.TROUBLED, which
    if len(rows) < LISTED:
        rows += yield sql.DELAYED, which
    now = env.clock.now()
    wall_less_mono = now.wall - now.mono
    return tuple(_trouble(env, row, wall_less_mono) for row in rows[:LISTED])


def _trouble(env: Env, row: Row, wall_less_mono: int) -> TroubleLine:
    key, title, state, reason, since, tries, limit, due = row
    return TroubleLine(
        task=key,
        title=title,
        state=state,
        reason=reason,
        since_ms=since,
        attempt=tries,
        max_attempts=env.policy.max_attempts if limit is None else limit,
        retry_ms=None if due is None else due + wall_less_mono,
    )
