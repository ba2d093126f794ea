"""Adding tasks while a plan runs: all of them or none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from callsheet.engine import loading, lookup, nodes, requests, scope, sweep
from callsheet.engine.definitions import Member, define, edges
from callsheet.engine.env import Caller, Env
from callsheet.engine.ledger import Ledger
from callsheet.engine.nodes import Known
from callsheet.engine.regraph import regraph
from callsheet.engine.requests import Request
from callsheet.model.errors import CallsheetError
from callsheet.model.outcome import Added
from callsheet.plan.draft import PhaseDraft, TaskDraft
from callsheet.plan.keys import PHASE_PREFIX, closest, normal_phase, normal_task
from callsheet.store.port import Op
from callsheet.store.rows import PlanRow, RunRow
from callsheet.store.sql import plans as sql

LISTED = 20


@dataclass(frozen=True, slots=True)
class NewTasks:
    """Tasks as the caller wrote them; a missing key is "" and gets one here."""

    tasks: tuple[TaskDraft, ...]
    plan: str | None = None
    discovered_from: str | None = None
    request_id: str | None = None

    def request(self, agent: str) -> Request:
        same = {"tasks": self.tasks, "discovered_from": self.discovered_from}
        return Request(self.request_id, agent, "add_tasks", same)


def add(env: Env, caller: Caller, new: NewTasks) -> Op[Added | dict[str, object]]:
    """Add tasks. Phases that they name and that aren't there come with them.

    Errors: CONFLICT (a key that is there), BAD_ARGUMENT (an unknown dependency), CYCLE.
    """
    plan = yield from _plan_to_add_to(env, new.plan)
    request = new.request(caller.agent)
    earlier = yield from requests.earlier_answer(request, plan.id)
    if earlier is not None:
        return earlier
    ledger = yield from sweep.open_ledger(env, caller)
    known = yield from nodes.read_known(plan.id)
    before = {key for key, task in known.tasks.items() if task.state in ("ready", "delayed")}
    phases_added = yield from _add_phases(known, new.tasks)
    drafts = _resolved(plan, known, _with_keys(known, new.tasks))
    run = yield from lookup.unfinished_run(plan.id)
    joined = yield from _write(env, known, drafts, run)
    members = [_member(draft) for draft in drafts]
    members += yield from loading.kept_members(known, {draft.key for draft in drafts})
    phases = loading.kept_phases(known, set())
    yield from nodes.write_edges(known, edges(members, phases), ledger.seq)
    settled = yield from regraph(env, ledger, plan.id)
    keys = tuple(draft.key for draft in drafts)
    _note(ledger, plan, known, keys, new.discovered_from)
    yield from ledger.settle()
    answer = Added(
        plan=plan.name,
        keys=keys,
        ready=tuple(key for key in settled.ready if key in keys)[:LISTED],
        run="no_run" if run is None else "joined" if joined else "outside_scope",
        phases_added=tuple(phases_added),
        waiting_again=tuple(key for key in settled.waiting_again if key in before)[:LISTED],
    )
    yield from requests.keep_answer(request, plan.id, ledger, answer)
    return answer


def _plan_to_add_to(env: Env, name: str | None) -> Op[PlanRow]:
    """The plan meant; `main` is created when there is no plan at all."""
    plans = yield from lookup.all_plans()
    if plans or name not in (None, "main"):
        return (yield from lookup.plan(name))
    row = {"name": "main", "title": "main", "format": "added", "source": "", "digest": ""}
    yield sql.ADD_PLAN, {**row, "at": env.clock.now().wall}
    return (yield from lookup.plan("main"))


def _add_phases(known: Known, tasks: Sequence[TaskDraft]) -> Op[list[str]]:
    wanted = [task.phase for task in tasks if task.phase is not None]
    new = [name for name in dict.fromkeys(wanted) if _phase_key(known, name) is None]
    drafts = [PhaseDraft(_new_phase_key(name), name) for name in new]
    return (yield from nodes.write_phases(known, drafts, after=len(known.phases)))


def _new_phase_key(name: str) -> str:
    """A key for a phase that comes with its tasks: `Phase 4` and `4` are phase 4."""
    return "-".join(normal_phase(name).split())


def _phase_key(known: Known, name: str) -> str | None:
    wanted = {name.strip().casefold(), normal_phase(name), _new_phase_key(name)}
    for row in known.phases.values():
        if wanted & {row.key.casefold(), row.title.casefold()}:
            return row.key
    return None


def _with_keys(known: Known, tasks: Sequence[TaskDraft]) -> list[TaskDraft]:
    """Give keys to the tasks without one: t1, t2, … the next that are free."""
    taken = {key.casefold() for key in known.ids} | {t.key.casefold() for t in tasks if t.key}
    numbered, number = [], 0
    for task in tasks:
        key = task.key
        while not key or (not task.key and key in taken):
            number += 1
            key = f"t{number}"
        taken.add(key)
        numbered.append(replace(task, key=key))
    return numbered


def _resolved(plan: PlanRow, known: Known, tasks: Sequence[TaskDraft]) -> list[TaskDraft]:
    folded = {key.casefold(): key for key in known.ids}
    for task in tasks:
        if task.key.casefold() in folded:
            raise CallsheetError(
                "CONFLICT",
                f"There is already a task {folded[task.key.casefold()]!r} in plan {plan.name!r}.",
                "Give the new task another key, or none; nothing was added.",
            )
        folded[task.key.casefold()] = task.key
    return [
        replace(
            task,
            phase=_phase_key(known, task.phase) if task.phase is not None else None,
            depends_on=tuple(_reference(known, folded, task.key, r) for r in task.depends_on),
        )
        for task in tasks
    ]


def _reference(known: Known, folded: dict[str, str], task: str, name: str) -> str:
    """The key that a dependency means."""
    if name.casefold().startswith(PHASE_PREFIX):
        phase = _phase_key(known, name[len(PHASE_PREFIX) :])
        if phase is not None:
            return f"{PHASE_PREFIX}{phase}"
    for wanted in (name.strip().casefold(), normal_task(name).casefold()):
        if wanted in folded:
            return folded[wanted]
    near = closest(normal_task(name), [key for key in folded.values() if key])
    raise CallsheetError(
        "BAD_ARGUMENT",
        f"{task} depends on {name[:80]!r}, which is neither a task nor a phase.",
        f"Did you mean {' or '.join(near)}? Nothing was added."
        if near
        else "Name tasks by key and phases as phase:KEY; nothing was added.",
    )


def _write(
    env: Env, known: Known, drafts: Sequence[TaskDraft], run: RunRow | None
) -> Op[list[str]]:
    [(ord_,)] = yield sql.NEXT_ORD, {"plan": known.plan_id}
    run_of = scope.joining(run, {draft.key: draft.parent for draft in drafts})
    rows, texts, joined = [], [], []
    for place, draft in enumerate(drafts, ord_):
        definition = define(draft, env.policy)
        node_id = known.new_id(draft.key)
        row = yield from nodes.task_row(known, definition, node_id, place)
        member = run_of(draft.key, draft.phase)
        if member is not None:
            joined.append(draft.key)
        rows.append({**row, "state": "waiting", "reason": None, "run": member})
        texts.append(nodes.text_row(definition, node_id, "added"))
    yield sql.ADD_TASK, rows
    yield sql.SET_TEXT, texts
    return joined


def _member(draft: TaskDraft) -> Member:
    return Member(draft.key, draft.phase, None, draft.depends_on, added=True)


def _note(
    ledger: Ledger, plan: PlanRow, known: Known, keys: Sequence[str], origin: str | None
) -> None:
    for key in keys:
        ledger.event("task_added", plan=plan.id, task=known.ids[key], key=key, origin=origin)
