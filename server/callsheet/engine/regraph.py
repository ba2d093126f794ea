"""After the plan has changed: one pass over its whole graph settles what follows from it.

Which barriers are met, which tasks are ready or wait again, the counts of unmet dependencies, and
the ranks are all derived from states and edges. Loading and adding write the edges; this derives
the rest and writes what differs. A cycle undoes the whole change.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from callsheet.engine import holds
from callsheet.engine.env import Env
from callsheet.engine.ledger import Ledger
from callsheet.model import rank
from callsheet.model.errors import CallsheetError
from callsheet.model.states import CLOSED, MET, State
from callsheet.plan.graph import find_cycle
from callsheet.store.port import Op
from callsheet.store.sql import ledger as ledger_sql
from callsheet.store.sql import plans as sql


class Node(NamedTuple):
    id: int
    key: str
    kind: str
    phase_id: int
    run_id: int | None
    state: State
    unmet: int
    priority: int
    estimate: float | None
    resources: str | None
    rank: int
    ord: int


@dataclass(frozen=True, slots=True)
class Settled:
    """Keys of tasks whose state followed from the change, in plan order."""

    ready: tuple[str, ...]
    waiting_again: tuple[str, ...]
    dependencies: int


def regraph(env: Env, ledger: Ledger, plan_id: int) -> Op[Settled]:
    """Settle a plan's graph. Errors: CYCLE, naming the tasks in order."""
    rows = yield sql.NODES, {"plan": plan_id}
    nodes = [Node._make(row) for row in rows]
    rows = yield sql.DEPS, {"plan": plan_id}
    needs: dict[int, list[int]] = {node.id: [] for node in nodes}
    stated = 0
    for task_id, needs_id, kind in rows:
        needs[task_id].append(needs_id)
        stated += kind == "stated"
    order = _in_order(nodes, needs)
    states, unmet = _derive(nodes, needs, order)
    yield from _write_states(nodes, states, unmet)
    yield from _write_ranks(env, nodes, needs, order, states)
    for statement in sql.COUNT_ANEW:
        yield statement, {"plan": plan_id}
    yield from _count_runs(ledger, nodes)
    tasks = [node for node in nodes if node.kind == "task" and node.state != states[node.id]]
    return Settled(
        ready=tuple(node.key for node in tasks if states[node.id] == "ready"),
        waiting_again=tuple(n.key for n in tasks if states[n.id] == "waiting"),
        dependencies=stated,
    )


def _in_order(nodes: Sequence[Node], needs: Mapping[int, Sequence[int]]) -> list[int]:
    """All nodes, dependencies before dependents. CYCLE, naming the tasks in order."""
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError:
        keys = {node.id: node.key for node in nodes}
    named = {keys[node]: [keys[n] for n in before if n in keys] for node, before in needs.items()}
    cycle = find_cycle(named) or ()
    raise CallsheetError(
        "CYCLE",
        f"These tasks wait for each other: {' → '.join((*cycle, *cycle[:1]))}.",
        "Remove one of these dependencies; nothing was changed.",
    )


def _derive(
    nodes: Sequence[Node], needs: Mapping[int, Sequence[int]], order: Sequence[int]
) -> tuple[dict[int, State], dict[int, int]]:
    """The states and unmet counts that follow from the edges."""
    by_id = {node.id: node for node in nodes}
    states: dict[int, State] = {}
    unmet: dict[int, int] = {}
    for node_id in order:
        node = by_id[node_id]
        unmet[node_id] = sum(states[n] not in MET for n in needs[node_id])
        states[node_id] = _settled_state(node, unmet[node_id])
    return states, unmet


def _settled_state(node: Node, unmet: int) -> State:
    if node.kind != "task":
        settled: State = "waiting" if unmet else "done"
        return node.state if node.state in ("skipped", "cancelled") else settled
    if unmet and node.state in ("ready", "delayed"):
        return "waiting"
    return "ready" if not unmet and node.state == "waiting" else node.state


def _write_states(
    nodes: Sequence[Node], states: Mapping[int, State], unmet: Mapping[int, int]
) -> Op[None]:
    counts = [{"id": n.id, "unmet": unmet[n.id]} for n in nodes if n.unmet != unmet[n.id]]
    if counts:
        yield sql.SET_UNMET, counts
    moved = [{"id": n.id, "state": states[n.id]} for n in nodes if n.state != states[n.id]]
    if moved:
        yield sql.SET_STATE, moved


def _write_ranks(
    env: Env,
    nodes: Sequence[Node],
    needs: Mapping[int, Sequence[int]],
    order: Sequence[int],
    states: Mapping[int, State],
) -> Op[None]:
    capacity = yield from holds.capacities(env)
    wanted = rank.ranks(
        [
            rank.Node(
                id=node.id,
                needs=needs[node.id],
                priority=node.priority,
                estimate_minutes=node.estimate,
                resources=holds.listed(node.resources),
                work=node.kind == "task",
                open=states[node.id] not in CLOSED,
            )
            for node in nodes
        ],
        order,
        capacity,
    )
    changed = [{"id": n.id, "rank": wanted[n.id]} for n in nodes if n.rank != wanted[n.id]]
    if changed:
        yield sql.SET_RANK, changed


def _count_runs(ledger: Ledger, nodes: Sequence[Node]) -> Op[None]:
    """Runs that are not over count their tasks anew; one without any left is finished."""
    by_run: dict[int, int] = defaultdict(int)
    for node in nodes:
        if node.run_id is not None:
            by_run[node.run_id] += 1
    for run_id in by_run:
        rows = yield "SELECT ended_at FROM run WHERE id = :run", {"run": run_id}
        if rows[0][0] is None:
            [(remaining,)] = yield sql.COUNT_RUN, {"run": run_id}
            if remaining == 0:
                yield ledger_sql.FINISH_RUN, {"run": run_id, "at": ledger.now.wall}
                ledger.event("run_finished", run=run_id)
