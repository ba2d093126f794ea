"""Writing tasks, phases and edges: what loading a plan and adding tasks have in common."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from callsheet.engine.definitions import Definition, Edges, as_json, changed_edges, milestone_key
from callsheet.model.rank import DEFAULT_PRIORITY, PRIORITIES
from callsheet.model.states import State
from callsheet.plan.draft import PhaseDraft
from callsheet.store.port import Op
from callsheet.store.rows import PhaseRow, TaskRow
from callsheet.store.sql import names
from callsheet.store.sql import plans as sql


@dataclass(slots=True)
class Known:
    """The nodes of a plan that are in the database, by key; kept up while more are written."""

    plan_id: int
    tasks: dict[str, TaskRow]
    origin: dict[str, str]
    digest: dict[str, str]
    phases: dict[str, PhaseRow]
    next_id: int
    classes: dict[tuple[str, str], int]
    ids: dict[str, int] = field(default_factory=dict)

    def phase_id(self, key: str | None) -> int:
        return self.phases[key].id if key is not None and key in self.phases else 0

    def new_id(self, key: str) -> int:
        self.ids[key] = self.next_id
        self.next_id += 1
        return self.ids[key]


def read_known(plan_id: int) -> Op[Known]:
    """Everything known of a plan's nodes."""
    rows = yield sql.KNOWN, {"plan": plan_id}
    tasks = {row[2]: TaskRow._make(row[:-2]) for row in rows}
    phases = yield names.PHASES, {"plan": plan_id}
    [(next_id,)] = yield sql.NEXT_TASK_ID, {}
    classes = yield sql.CLASSES, {}
    return Known(
        plan_id,
        tasks,
        origin={row[2]: row[-2] for row in rows},
        digest={row[2]: row[-1] for row in rows},
        phases={row[2]: PhaseRow._make(row) for row in phases},
        next_id=next_id,
        classes={(kind, requires): number for kind, requires, number in classes},
        ids={key: task.id for key, task in tasks.items()},
    )


def class_id(known: Known, kind: str, requires: Sequence[str]) -> Op[int]:
    """The interned number of a type and the capabilities it requires."""
    key = (kind, as_json(requires))
    if key not in known.classes:
        [(number,)] = yield sql.ADD_CLASS, {"type": key[0], "requires": key[1]}
        known.classes[key] = number
    return known.classes[key]


def write_phases(known: Known, phases: Iterable[PhaseDraft], after: int = 0) -> Op[list[str]]:
    """Add the phases that are new, each with its milestone, and update the others."""
    added = []
    for ord_, phase in enumerate(phases, after):
        order = {"stated": phase.depends_on, "implied": phase.implied}
        row = {
            "plan": known.plan_id,
            "key": phase.key,
            "title": phase.title,
            "ord": ord_,
            "depends_on": json.dumps(order),
            "status_file": phase.status_file,
        }
        if phase.key in known.phases:
            yield sql.UPDATE_PHASE, {**row, "phase": known.phases[phase.key].id}
            continue
        added.append(phase.key)
        milestone = known.new_id(milestone_key(phase.key))
        [(number,)] = yield sql.ADD_PHASE, {**row, "milestone": milestone}
        known.phases[phase.key] = PhaseRow(
            number, known.plan_id, phase.key, phase.title, ord_, milestone, json.dumps(order), None
        )
        yield from _write_milestone(known, phase, milestone)
    return added


def _write_milestone(known: Known, phase: PhaseDraft, node_id: int) -> Op[None]:
    key = milestone_key(phase.key)
    definition = Definition(
        key=key,
        title=phase.title,
        kind="milestone",
        phase=phase.key,
        parent=None,
        type="milestone",
        requires=(),
        priority=PRIORITIES[DEFAULT_PRIORITY],
        estimate=None,
        route=None,
        resources=(),
        max_attempts=None,
        max_silence=None,
        max_runtime=None,
        brief="",
        acceptance=(),
        files=(),
        needs=(),
        implied=(),
    )
    row = yield from task_row(known, definition, node_id, ord_=0)
    yield sql.ADD_TASK, {**row, "state": "waiting", "reason": None, "run": None}
    yield sql.SET_TEXT, text_row(definition, node_id, "barrier")


def task_row(known: Known, task: Definition, node_id: int, ord_: int) -> Op[dict[str, object]]:
    """The columns of a task that its definition decides."""
    return {
        "id": node_id,
        "plan": known.plan_id,
        "key": task.key,
        "kind": task.kind,
        "phase": known.phase_id(task.phase),
        "parent": known.ids.get(task.parent) if task.parent else None,
        "ord": ord_,
        "title": task.title,
        "type": task.type,
        "class": (yield from class_id(known, task.type, task.requires)),
        "priority": task.priority,
        "estimate": task.estimate,
        "route": task.route,
        "resources": as_json(task.resources) if task.resources else None,
        "max_attempts": task.max_attempts,
        "max_silence": task.max_silence,
        "max_runtime": task.max_runtime,
    }


def text_row(
    task: Definition, node_id: int, origin: str, file: str | None = None, line: int | None = None
) -> Mapping[str, object]:
    """The columns of the wide texts."""
    return {
        "id": node_id,
        "brief": task.brief,
        "acceptance": as_json(task.acceptance),
        "files": as_json(task.files),
        "needs": as_json(task.needs),
        "file": file,
        "line": line,
        "origin": origin,
        "digest": task.digest() if origin == "source" else "",
    }


def write_edges(known: Known, new: Edges, seq: int) -> Op[None]:
    """Make the plan's edges what they should be; new ones count from event `seq`."""
    keys = {number: key for key, number in known.ids.items()}
    rows = yield sql.DEPS, {"plan": known.plan_id}
    old = {(keys[task], keys[needs]): kind for task, needs, kind in rows}
    ids = known.ids
    gone, come = changed_edges(old, {pair: kind for pair, kind in new.items() if pair[1] in ids})
    if gone:
        yield sql.DROP_DEP, [{"needs": ids[needs], "task": ids[task]} for task, needs in gone]
    if come:
        yield (
            sql.ADD_DEP,
            [
                {"needs": ids[n], "task": ids[t], "kind": kind, "since": seq}
                for (t, n), kind in come.items()
            ],
        )


def initial_state(source: str) -> tuple[State, str | None]:
    """The state of a task the database does not know yet, from the source's own word for it."""
    match source:
        case "done":
            return "done", None
        case "skipped":
            return "skipped", "skipped in the plan"
        case "blocked":
            return "blocked", "marked blocked in the plan"
        case _:
            return "waiting", None
