"""Looking: what is ready, how far a plan is."""

import re
from collections import defaultdict
from collections.abc import Mapping

from callsheet.engine import holds, lookup, nothing
from callsheet.engine.control import described
from callsheet.engine.env import Caller, Env, Moment
from callsheet.engine.fit import clipped, title, within
from callsheet.engine.times import iso
from callsheet.model.errors import CallsheetError
from callsheet.model.handle import Handle
from callsheet.model.outcome import to_answer
from callsheet.model.outlook import (
    Delayed,
    EstimateProgress,
    Held,
    PhaseProgress,
    PlanProgress,
    ReadyList,
    ReadyTask,
    RunningTask,
)
from callsheet.model.rank import PRIORITY_NAMES
from callsheet.model.states import STATES
from callsheet.store.port import Op, Row
from callsheet.store.rows import AttemptRow, PlanRow, RunRow, TaskRow
from callsheet.store.sql import look as sql

LISTED = 20
MAX_READY = 100
READY_BYTES = 36_000
CURSOR = re.compile(r"(-?[0-9]{1,18})\.(-?[0-9]{1,15})")
FIRST = (-(2**62), -1)


def ready(
    plan_name: str | None, phase: str | None, kind: str | None, limit: int, cursor: str | None
) -> Op[ReadyList]:
    """Ready tasks in the order in which they would be handed out, a page at a time.

    While a run is unfinished, only those in its scope.
    """
    plan = yield from lookup.plan(plan_name)
    phases = yield from lookup.phases(plan)
    wanted = (yield from lookup.phase(plan, phase)).id if phase else 0
    place = _place(cursor)
    run = yield from lookup.unfinished_run(plan.id)
    only = run.id if run is not None else 0
    params = {"plan": plan.id, "run": only, "phase": wanted, "type": kind or ""}
    most = max(1, min(limit, MAX_READY))
    rows = yield sql.READY, {**params, "rank": place[0], "ord": place[1], "most": most + 1}
    [(total,)] = yield sql.COUNT_READY, params
    keys = {row.id: row.key for row in phases}
    tasks = [_ready_task(TaskRow._make(row), keys) for row in rows[:most]]
    shown = within([to_answer(task) for task in tasks], READY_BYTES)
    last = TaskRow._make(rows[len(shown) - 1]) if len(shown) < len(rows) else None
    return ReadyList(
        tasks=tuple(tasks[: len(shown)]),
        shown=len(shown),
        total=total,
        next_cursor=f"{last.rank}.{last.ord}" if last is not None else None,
        note=(yield from _why_idle(plan, run)),
    )


def _why_idle(plan: PlanRow, run: RunRow | None) -> Op[str | None]:
    """Why none of these is handed out; None while they are."""
    if run is not None:
        return None if run.state == "active" else f"The run is {run.state}."
    last = yield from lookup.last_run(plan.id)
    if last is not None and last.state == "finished":
        count = yield from nothing.open_again(last)
        if not count:
            return "The run is finished."
        return (
            f"The run is finished; {nothing.tasks(count)} open since. The user may start another."
        )
    return "Nothing is handed out before the user starts a run."


def _place(cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return FIRST
    found = CURSOR.fullmatch(cursor)
    if found is None:
        raise CallsheetError(
            "BAD_ARGUMENT",
            f"{cursor[:40]!r} is not a cursor.",
            "Give next_cursor of the last answer, or none to begin anew.",
        )
    return int(found[1]), int(found[2])


def _ready_task(task: TaskRow, phases: Mapping[int, str]) -> ReadyTask:
    return ReadyTask(
        key=task.key,
        title=title(task.title),
        type=task.type,
        priority=PRIORITY_NAMES[task.priority],
        resources=tuple(within([str(r) for r in holds.listed(task.resources)], 300)),
        phase=phases.get(task.phase_id),
        estimate_minutes=task.estimate,
        route=clipped(task.route, 100),
    )


def progress(
    env: Env, caller: Caller, plan_name: str | None, agent: str | None
) -> Op[PlanProgress]:
    """How far the plan is; with `agent` also what that agent holds in this session."""
    now = env.clock.now()
    plan = yield from lookup.plan(plan_name)
    run = yield from lookup.last_run(plan.id)
    totals = yield from tallies(plan.id)
    live = yield sql.LIVE, {"plan": plan.id}
    stuck = yield from nothing.stuck_tasks(plan.id, 10**6)
    phases = yield from _phases(plan, totals)
    delayed = yield sql.DELAYED, {"plan": plan.id}
    upcoming = yield from ready(plan.name, None, None, 5, None)
    holding = (yield from held(plan, agent, caller.session_id, now)) if agent else None
    return PlanProgress(
        plan=plan.name,
        title=plan.title,
        totals=with_total(totals.get(None, {})),
        phases=phases[:LISTED],
        running=tuple(_running(row, now) for row in live[:LISTED]),
        stuck=tuple(stuck[:LISTED]),
        estimate=(yield from _estimate(plan)),
        next_up=tuple(task.key for task in upcoming.tasks),
        run=described(plan, run) if run is not None else None,
        delayed=tuple(_delayed(row, now) for row in delayed) or None,
        holds=None if holding is None else holding[:LISTED],
        holds_total=_more(len(holding or ())),
        phases_total=_more(len(phases)),
        running_total=_more(len(live)),
        stuck_total=_more(len(stuck)),
    )


def _delayed(row: Row, now: Moment) -> Delayed:
    key, name, due, reason = row
    seconds = round(max(0, due - now.mono) / 1000, 1)
    return Delayed(key, title(name), seconds, clipped(reason, 200))


def _more(count: int) -> int | None:
    return count if count > LISTED else None


def tallies(plan_id: int) -> Op[dict[int | None, dict[str, int]]]:
    """Tasks by state: by phase id (0 for no phase), and for the whole plan under None."""
    rows = yield sql.TALLY, {"plan": plan_id}
    found: dict[int | None, dict[str, int]] = defaultdict(dict)
    for phase_id, state, count in rows:
        found[phase_id][state] = count
        found[None][state] = found[None].get(state, 0) + count
    return found


def with_total(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts in the order of the states, and their sum."""
    ordered: dict[str, int] = {state: counts[state] for state in STATES if counts.get(state)}
    return {**ordered, "total": sum(ordered.values())}


def _phases(
    plan: PlanRow, totals: Mapping[int | None, Mapping[str, int]]
) -> Op[tuple[PhaseProgress, ...]]:
    rows = yield sql.PHASES_MET, {"plan": plan.id}
    met = {phase_id: state == "done" for phase_id, state, _ in rows}
    phases = yield from lookup.phases(plan)
    return tuple(
        PhaseProgress(p.key, title(p.title), with_total(totals.get(p.id, {})), met.get(p.id, False))
        for p in phases
    )


def _running(row: Row, now: Moment) -> RunningTask:
    attempt = AttemptRow._make(row[: len(AttemptRow._fields)])
    key, name, paused = row[len(AttemptRow._fields) :]
    until = now.mono if paused is None else paused
    return RunningTask(
        task=key,
        title=title(name),
        agent=attempt.agent,
        since=iso(attempt.started_at),
        minutes=round(max(0, until - attempt.started_mono) / 60_000, 1),
        attempt=attempt.n,
        last_sign_seconds=round((now.wall - attempt.seen_at) / 1000, 1),
        percent=attempt.percent,
        note=clipped(attempt.note, 200),
    )


def held(plan: PlanRow, agent: str, session_id: int, now: Moment) -> Op[tuple[Held, ...]]:
    """The claims of an agent, in this session and in ended ones with the same label."""
    rows = yield sql.HELD_BY, {"plan": plan.id, "agent": agent, "session": session_id}
    found: list[Held] = []
    for key, name, *values in rows:
        attempt = AttemptRow._make(values)
        if (yield from _counts(attempt)):
            found.append(_held(key, name, attempt, now))
    return tuple(found)


def _counts(attempt: AttemptRow) -> Op[bool]:
    """Whether a claim is still good: a lost one is not once others had its resources."""
    if attempt.state == "live" or attempt.ended_seq is None:
        return True
    taken = yield from holds.taken_since(attempt.task_id, attempt.resources, attempt.ended_seq)
    return not taken


def _held(key: str, name: str, attempt: AttemptRow, now: Moment) -> Held:
    return Held(
        claim=str(Handle(key, attempt.n, attempt.secret)),
        task=key,
        title=title(name),
        percent=attempt.percent,
        lease_seconds=max(0.0, round((attempt.lease_due - now.mono) / 1000, 1)),
    )


def _estimate(plan: PlanRow) -> Op[EstimateProgress]:
    rows = yield sql.EFFORT, {"plan": plan.id}
    done, estimated, actual, left = (
        sum(row[column] or 0 for row in rows) for column in (1, 2, 3, 4)
    )
    return EstimateProgress(
        done_tasks_with_estimate=int(done),
        estimated_minutes=round(estimated, 1),
        actual_minutes=round(actual, 1),
        remaining_minutes=round(left, 1) if left else None,
    )
