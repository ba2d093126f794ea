"""Loading a plan: it merges by key, all or nothing (DESIGN section 7).

Tasks keep their state: done never goes back by itself, a running task keeps the brief it was
claimed with, a task that vanished from the source is reported and left to the operator.
"""

import hashlib
import json
from dataclasses import replace

from callsheet.engine import holds, lookup, nodes, scope, sweep
from callsheet.engine.definitions import Definition, Member, define, edges
from callsheet.engine.env import Caller, Env, Policy
from callsheet.engine.ledger import Ledger
from callsheet.engine.merged import LISTED, Merge, for_agents, loaded
from callsheet.engine.nodes import Known
from callsheet.engine.regraph import regraph
from callsheet.engine.rollback import RolledBack
from callsheet.engine.scope import RunOf
from callsheet.model.outcome import Loaded
from callsheet.plan.draft import PhaseDraft, PlanDraft, TaskDraft
from callsheet.store.port import Op
from callsheet.store.rows import PlanRow, RunRow
from callsheet.store.sql import plans as sql
from callsheet.store.sql import runs as runs_sql


def load(
    env: Env, caller: Caller, draft: PlanDraft, *, dry_run: bool, all_diagnostics: bool = False
) -> Op[Loaded]:
    """Bring the database in step with a plan whose references are resolved.

    The answer has as many diagnostics as an agent should read, or all of them. A dry run finds
    the same answer and raises it as `RolledBack`. Errors: CYCLE, BAD_ARGUMENT.
    """
    draft = replace(draft, digest=_digest(draft, env.policy))
    plans = yield from lookup.all_plans()
    known_plan = next((row for row in plans if row.name == draft.name), None)
    if known_plan is not None and known_plan.digest == draft.digest and draft.digest:
        answer = yield from _as_it_was(known_plan, draft, dry_run)
        raise RolledBack(answer if all_diagnostics else for_agents(answer))
    ledger = yield from sweep.open_ledger(env, caller)
    plan_id = yield from _write_plan(ledger, known_plan, draft)
    known = yield from nodes.read_known(plan_id)
    yield from nodes.write_phases(known, draft.phases)
    run = yield from lookup.unfinished_run(plan_id)
    merge = yield from _write_tasks(env, known, draft, run)
    yield from _write_edges(known, draft, ledger.seq)
    yield from _write_pools(plan_id, draft)
    if merge.held_back:
        yield sql.READ_AGAIN, {"plan": plan_id}
    settled = yield from regraph(env, ledger, plan_id)
    counts = yield from _counts(plan_id)
    answer = loaded(draft, merge, settled.dependencies, counts, dry_run)
    answer = answer if all_diagnostics else for_agents(answer)
    _note_load(ledger, plan_id, draft, merge)
    yield from ledger.settle()
    if dry_run:
        raise RolledBack(answer)
    return answer


def _digest(draft: PlanDraft, policy: Policy) -> str:
    """Changes with the source and with the settings that decide what is made of it."""
    if not draft.digest:
        return ""
    rules = [draft.digest, dict(policy.routes), policy.enforce_routes]
    return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()


def _write_plan(ledger: Ledger, known: PlanRow | None, draft: PlanDraft) -> Op[int]:
    row = {
        "name": draft.name,
        "title": draft.title or draft.name,
        "format": draft.format,
        "source": draft.source,
        "digest": draft.digest,
        "at": ledger.now.wall,
    }
    if known is None:
        [(plan_id,)] = yield sql.ADD_PLAN, row
    else:
        plan_id = known.id
    yield sql.UPDATE_PLAN, {**row, "plan": plan_id}
    return int(plan_id)


def _write_tasks(env: Env, known: Known, draft: PlanDraft, run: RunRow | None) -> Op[Merge]:
    merge, fresh, texts = Merge(), [], []
    run_of = scope.joining(run, {task.key: task.parent for task in draft.tasks})
    for task in draft.tasks:
        if task.key not in known.ids:
            known.new_id(task.key)
    for ord_, task in enumerate(draft.tasks, 1):
        definition = define(task, env.policy)
        node_id = known.ids[task.key]
        if task.key not in known.tasks:
            merge.added.append(task.key)
            state, reason = nodes.initial_state(task.state)
            row = yield from nodes.task_row(known, definition, node_id, ord_)
            member = run_of(task.key, task.phase) if definition.kind == "task" else None
            fresh.append({**row, "state": state, "reason": reason, "run": member})
            texts.append(nodes.text_row(definition, node_id, "source", task.file, task.line))
        elif known.digest[task.key] == definition.digest():
            merge.unchanged += 1
            yield sql.PLACE_TASK, {"id": node_id, "ord": ord_}
        else:
            merge.changed.append(task.key)
            whole = yield from _change_task(known, definition, task, node_id, ord_, run_of)
            merge.held_back |= not whole
    if fresh:
        yield sql.ADD_TASK, fresh
        yield sql.SET_TEXT, texts
    yield from _keep_others(known, draft, merge)
    return merge


def _keep_others(known: Known, draft: PlanDraft, merge: Merge) -> Op[None]:
    """What the source does not tell of stays, behind what it tells of: each place is one task's."""
    told = {task.key for task in draft.tasks}
    others = [t for t in known.tasks.values() if t.key not in told and t.kind != "milestone"]
    for ord_, task in enumerate(sorted(others, key=lambda task: task.ord), len(told) + 1):
        if task.ord != ord_:
            yield sql.PUT_LAST, {"id": task.id, "ord": ord_}
        if known.origin[task.key] == "source":
            merge.vanished.append(task.key)
            yield sql.VANISH, {"id": task.id}


def _change_task(
    known: Known,
    definition: Definition,
    task: TaskDraft,
    node_id: int,
    ord_: int,
    run_of: RunOf,
) -> Op[bool]:
    """Whether all of it could be taken: a task can't become a container under way."""
    old, told = known.tasks[task.key], definition.kind
    if old.state in ("running", "verifying"):
        yield sql.KEEP_BRIEF, {"id": node_id}
        definition = replace(definition, kind=old.kind)
    row = yield from nodes.task_row(known, definition, node_id, ord_)
    yield sql.UPDATE_TASK, row
    if (old.kind, definition.kind) == ("container", "task"):
        yield from _begin_as_task(task, node_id, run_of(task.key, task.phase))
    yield sql.SET_TEXT, nodes.text_row(definition, node_id, "source", task.file, task.line)
    return definition.kind == told


def _begin_as_task(task: TaskDraft, node_id: int, run_id: int | None) -> Op[None]:
    """A container's state followed from its members, and it belonged to no run."""
    yield sql.SET_STATE, {"id": node_id, "state": nodes.initial_state(task.state)[0]}
    if run_id is not None:
        yield runs_sql.JOIN_RUN, {"run": run_id, "task": node_id}


def _write_pools(plan_id: int, draft: PlanDraft) -> Op[None]:
    rows = yield sql.OWN_POOLS, {"plan": plan_id}
    for name in sorted({name for (name,) in rows} - draft.pools.keys()):
        yield sql.DROP_POOL, {"name": name}
    for name, capacity in draft.pools.items():
        yield sql.SET_POOL, {"name": name, "capacity": capacity, "plan": plan_id}
        yield from holds.wake(f"pool:{name}", holds.WOKEN_AT_ONCE)  # it may be larger now


def _write_edges(known: Known, draft: PlanDraft, seq: int) -> Op[None]:
    told = {task.key for task in draft.tasks}
    members = [Member(t.key, t.phase, t.parent, t.depends_on, t.implied) for t in draft.tasks]
    members += yield from kept_members(known, told)
    phases = (*draft.phases, *kept_phases(known, {phase.key for phase in draft.phases}))
    yield from nodes.write_edges(known, edges(members, phases), seq)


def kept_members(known: Known, told: set[str]) -> Op[list[Member]]:
    """Tasks that the source does not tell of (any more): added ones, vanished ones.

    With the implied edges that their source gave them.
    """
    implied: dict[str, list[str]] = {}
    for key, need in (yield sql.IMPLIED, {"plan": known.plan_id}):
        implied.setdefault(key, []).append(need)
    rows = yield sql.NEEDS, {"plan": known.plan_id}
    phase_keys = {row.id: row.key for row in known.phases.values()}
    parents = {number: key for key, number in known.ids.items()}
    return [
        Member(
            key,
            phase_keys.get(phase_id),
            parents.get(parent_id) if parent_id else None,
            tuple(json.loads(needs)),
            tuple(implied.get(key, ())),
            added=origin == "added",
        )
        for key, phase_id, parent_id, needs, origin in rows
        if origin != "barrier" and key not in told
    ]


def kept_phases(known: Known, told: set[str]) -> list[PhaseDraft]:
    """Phases that are in the database, but not in the source."""
    kept = []
    for row in known.phases.values():
        if row.key not in told:
            order = json.loads(row.depends_on)
            kept.append(
                PhaseDraft(row.key, row.title, tuple(order["stated"]), tuple(order["implied"]))
            )
    return kept


def _counts(plan_id: int) -> Op[dict[str, int]]:
    rows = yield (
        "SELECT state, sum(n) FROM tally WHERE plan_id = :plan GROUP BY state",
        {"plan": plan_id},
    )
    return dict(rows)


def _as_it_was(plan: PlanRow, draft: PlanDraft, dry_run: bool) -> Op[Loaded]:
    counts = yield from _counts(plan.id)
    rows = yield sql.COUNT_STATED, {"plan": plan.id}
    merge = Merge(unchanged=len(draft.tasks))
    return loaded(draft, merge, rows[0][0], counts, dry_run)


def _note_load(ledger: Ledger, plan_id: int, draft: PlanDraft, merge: Merge) -> None:
    ledger.event(
        "plan_loaded",
        plan=plan_id,
        format=draft.format,
        source=draft.source,
        added=len(merge.added),
        changed=len(merge.changed),
        unchanged=merge.unchanged,
        vanished=merge.vanished[:LISTED] or None,
    )
