"""Starting a run. Nothing is handed out before somebody does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from callsheet.engine import lookup, resolving, scope, sweep
from callsheet.engine.budgets import BUDGETS
from callsheet.engine.control import described, resumed
from callsheet.engine.env import Caller, Env
from callsheet.engine.ledger import Ledger
from callsheet.engine.prospects import Prospects, prospects
from callsheet.engine.regraph import Node
from callsheet.engine.rollback import RolledBack
from callsheet.engine.scope import Scope
from callsheet.model.errors import CallsheetError
from callsheet.model.outlook import DryRun, RunInfo
from callsheet.model.states import CLOSED
from callsheet.store.port import Op
from callsheet.store.rows import PlanRow, RunRow
from callsheet.store.sql import plans as plans_sql
from callsheet.store.sql import runs as sql

LISTED = 20


@dataclass(frozen=True, slots=True)
class Start:
    """What is asked for. `parallel` None: the project's setting, or leave it as it is."""

    plan: str | None = None
    phases: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    parallel: int | None = None
    resume: bool = False
    retry_failed: bool = False
    budgets: Mapping[str, float] = field(default_factory=dict)
    dry_run: bool = False
    include_dependencies: bool = False
    max_attempts: int | None = None
    max_silence_minutes: float | None = None
    max_runtime_minutes: float | None = None


def start(env: Env, caller: Caller, ask: Start) -> Op[RunInfo | DryRun]:
    """Start a run, or answer with the unfinished one when it is the same.

    Errors: RUN_EXISTS (another unfinished run), BAD_ARGUMENT (a scope in which nothing can ever
    start), UNKNOWN_PLAN, UNKNOWN_TASK. A dry run raises its answer as `RolledBack`.
    """
    _check_budgets(ask.budgets)
    plan = yield from lookup.plan(ask.plan)
    wanted = yield from scope.resolve(plan, ask.phases, ask.tasks, ask.include_dependencies)
    run = yield from lookup.unfinished_run(plan.id)
    if run is not None and not ask.dry_run:
        return (yield from _again(env, caller, plan, run, ask, wanted))
    ledger = yield from sweep.open_ledger(env, caller)
    nodes, needs, chosen = yield from _survey(plan, wanted)
    if ask.retry_failed and (
        yield from resolving.retry_all(ledger, [n.id for n in nodes if n.id in chosen])
    ):
        yield from ledger.settle()
        nodes, needs, chosen = yield from _survey(plan, wanted)
    ahead = prospects(nodes, needs, chosen)
    parallel = ask.parallel or env.policy.parallel
    if ask.dry_run:
        raise RolledBack(_dry_run(plan, parallel, ahead, chosen))
    _refuse_hopeless(plan, ahead)
    run = yield from _add_run(env, ledger, plan, wanted, ask, nodes, chosen)
    ledger.event("run_started", plan=plan.id, run=run.id, scope=wanted.as_json(), parallel=parallel)
    yield from ledger.settle()
    outside = tuple(node.key for node in ahead.outside)
    return described(
        plan,
        run,
        waits_outside_scope=outside[:LISTED] or None,
        waits_outside_scope_total=len(outside) if len(outside) > LISTED else None,
        note="Assistants can claim_task now.",
    )


def _check_budgets(budgets: Mapping[str, float]) -> None:
    for name, value in budgets.items():
        if name not in BUDGETS or value <= 0:
            raise CallsheetError(
                "BAD_ARGUMENT",
                f"The budget {name[:40]!r}: {value} is not one.",
                f"Budgets are {', '.join(BUDGETS)}, each more than 0.",
            )


def _again(
    env: Env, caller: Caller, plan: PlanRow, run: RunRow, ask: Start, wanted: Scope
) -> Op[RunInfo]:
    """The call for a run that is there already: it is returned as it is, or resumed if asked to."""
    same = json.loads(run.scope) == wanted.as_json() or (
        ask.resume and not (ask.phases or ask.tasks)
    )
    if not same:
        raise CallsheetError(
            "RUN_EXISTS",
            f"Plan {plan.name!r} has an unfinished run (run {run.id}, {run.state}, "
            f"scope {run.scope}).",
            "Go on with it by start_run(resume=true), or end it with control_run(action='cancel').",
        )
    ledger = yield from sweep.open_ledger(env, caller)
    if ask.retry_failed:
        nodes, *_ = yield from _survey(plan, wanted)
        yield from resolving.retry_all(ledger, [n.id for n in nodes if n.run_id == run.id])
    run = yield from _changed(ledger, plan, run, ask)
    if ask.resume:
        run = yield from resumed(ledger, plan, run)
    yield from ledger.settle()
    note = "This run was there already; it goes on."
    if run.state != "active":
        note = f"This run was there already; it is {run.state}. start_run(resume=true) goes on."
    return described(plan, run, note=note)


def _changed(ledger: Ledger, plan: PlanRow, run: RunRow, ask: Start) -> Op[RunRow]:
    """Set what the call says otherwise than the run does, each with an event."""
    if ask.parallel is not None and ask.parallel != run.max_running:
        rows = yield sql.SET_PARALLEL, {"run": run.id, "parallel": ask.parallel}
        run = RunRow._make(rows[0])
        ledger.event("parallel_set", plan=plan.id, run=run.id, parallel=ask.parallel)
    asked = _limits(ask)
    changed = {k: v for k, v in asked.items() if v is not None and v != getattr(run, k)}
    if changed:
        rows = yield sql.SET_LIMITS, {"run": run.id, **asked}
        run = RunRow._make(rows[0])
        ledger.event("limits_set", plan=plan.id, run=run.id, limits=changed)
    was = json.loads(run.budgets)
    budgets = {**was, **ask.budgets}
    if budgets != was:
        rows = yield sql.SET_BUDGETS, {"run": run.id, "budgets": json.dumps(budgets)}
        run = RunRow._make(rows[0])
        ledger.event("budgets_set", plan=plan.id, run=run.id, budgets=budgets)
    return run


def _limits(ask: Start) -> dict[str, float | None]:
    """The run's own limits that the call names, by column."""
    return {
        "max_attempts": ask.max_attempts,
        "max_silence": ask.max_silence_minutes,
        "max_runtime": ask.max_runtime_minutes,
    }


def _survey(plan: PlanRow, wanted: Scope) -> Op[tuple[list[Node], dict[int, list[int]], set[int]]]:
    rows = yield plans_sql.NODES, {"plan": plan.id}
    nodes = [Node._make(row) for row in rows]
    rows = yield plans_sql.DEPS, {"plan": plan.id}
    kinds: dict[int, list[tuple[int, str]]] = {node.id: [] for node in nodes}
    for task_id, needs_id, kind in rows:
        kinds[task_id].append((needs_id, kind))
    phases = yield from lookup.phases(plan)
    chosen = scope.members(wanted, nodes, kinds, {row.key: row.id for row in phases})
    return nodes, {node: [n for n, _ in ns] for node, ns in kinds.items()}, chosen


def _refuse_hopeless(plan: PlanRow, ahead: Prospects) -> None:
    if ahead.waves:
        return
    if not ahead.hopeless:
        raise CallsheetError(
            "BAD_ARGUMENT",
            f"Nothing is left to do in this scope of plan {plan.name!r}: "
            f"{ahead.already_met} tasks are done or skipped.",
            "Choose another scope, add_tasks, or reopen tasks with resolve_task.",
        )
    behind = ", ".join(node.key for node in ahead.outside[:5])
    why = f"they wait for {behind}, outside the scope" if behind else "they failed or are blocked"
    raise CallsheetError(
        "BAD_ARGUMENT",
        f"None of the {len(ahead.hopeless)} open tasks in this scope could ever start: {why}.",
        "Widen the scope or pass include_dependencies=true."
        if behind
        else "Pass retry_failed=true, or settle them with resolve_task.",
    )


def _add_run(
    env: Env,
    ledger: Ledger,
    plan: PlanRow,
    wanted: Scope,
    ask: Start,
    nodes: list[Node],
    chosen: set[int],
) -> Op[RunRow]:
    budgets = {**env.policy.budgets, **ask.budgets}
    row = {
        "plan": plan.id,
        "scope": json.dumps(wanted.as_json()),
        "parallel": ask.parallel or env.policy.parallel,
        "total": len(chosen),
        "remaining": sum(n.id in chosen and n.state not in CLOSED for n in nodes),
        **_limits(ask),
        "budgets": json.dumps(budgets) if budgets else "{}",
        "at": ledger.now.wall,
    }
    [values] = yield sql.ADD_RUN, row
    run = RunRow._make(values)
    if wanted.as_json().get("all"):
        yield sql.JOIN_ALL, {"run": run.id, "plan": plan.id}
    else:
        yield sql.JOIN_RUN, [{"run": run.id, "task": task} for task in sorted(chosen)]
    return run


def _dry_run(plan: PlanRow, parallel: int, ahead: Prospects, chosen: set[int]) -> DryRun:
    waves = [
        {
            "wave": number,
            "tasks": [node.key for node in wave[:LISTED]],
            "total": len(wave),
        }
        for number, wave in enumerate(ahead.waves[:LISTED], 1)
    ]
    open_ = [node for wave in ahead.waves for node in wave]
    known = [node.estimate for node in open_ if node.estimate is not None]
    ready = [node.key for node in open_ if node.state == "ready"]
    return DryRun(
        plan=plan.name,
        tasks=len(chosen),
        already_met=ahead.already_met,
        parallel=parallel,
        waves=tuple(waves),
        ready_now=tuple(ready[:LISTED]),
        estimate_minutes=sum(known) if known else None,
        waits_outside_scope=tuple(node.key for node in ahead.outside[:LISTED]),
    )
