"""What a run covers: everything, or phases and tasks by name."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callsheet.engine import lookup
from callsheet.engine.regraph import Node
from callsheet.store.port import Op
from callsheet.store.rows import PlanRow, RunRow


@dataclass(frozen=True, slots=True)
class Scope:
    """Keys of phases and tasks; both empty means everything."""

    phases: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    include_dependencies: bool = False

    def as_json(self) -> dict[str, Any]:
        if not (self.phases or self.tasks):
            return {"all": True}
        named = {"phases": list(self.phases), "tasks": list(self.tasks)}
        found: dict[str, Any] = {name: keys for name, keys in named.items() if keys}
        if self.include_dependencies:
            found["include_dependencies"] = True
        return found


RunOf = Callable[[str, str | None], int | None]
"""From the key and the phase of a task that comes now to the id of the run that it joins."""


def joining(run: RunRow | None, parents: Mapping[str, str | None]) -> RunOf:
    """What the unfinished run takes in; `parents` are the containers of those that come."""
    named: dict[str, Any] = json.loads(run.scope) if run is not None else {}

    def run_of(key: str, phase: str | None) -> int | None:
        if run is None:
            return None
        line = {key, *_containers(key, parents)}
        covered = not line.isdisjoint(named.get("tasks", ())) or phase in named.get("phases", ())
        return run.id if covered or "all" in named else None

    return run_of


def _containers(key: str, parents: Mapping[str, str | None]) -> Iterator[str]:
    seen = {key}
    while (parent := parents.get(key)) is not None and parent not in seen:
        seen.add(parent)
        yield parent
        key = parent


def resolve(
    plan: PlanRow, phases: Collection[str], tasks: Collection[str], include_dependencies: bool
) -> Op[Scope]:
    """Names as people write them to keys. BAD_ARGUMENT, UNKNOWN_TASK with the closest names."""
    phase_keys: dict[str, None] = {}
    for name in phases:
        phase_keys[(yield from lookup.phase(plan, name)).key] = None
    task_keys: dict[str, None] = {}
    for name in tasks:
        task_keys[(yield from lookup.task(plan, name)).key] = None
    return Scope(tuple(phase_keys), tuple(task_keys), include_dependencies)


def members(
    scope: Scope,
    nodes: Sequence[Node],
    needs: Mapping[int, Sequence[tuple[int, str]]],
    phase_ids: Mapping[str, int],
) -> set[int]:
    """Ids of the tasks in scope. Naming a container means all it contains."""
    tasks = {node.id for node in nodes if node.kind == "task"}
    if not (scope.phases or scope.tasks):
        return tasks
    wanted_phases = {phase_ids[key] for key in scope.phases}
    found = {n.id for n in nodes if n.phase_id in wanted_phases}
    found |= _contained({n.id for n in nodes if n.key in scope.tasks}, needs)
    if scope.include_dependencies:
        found |= _upstream(found, needs)
    return found & tasks


def _contained(start: set[int], needs: Mapping[int, Sequence[tuple[int, str]]]) -> set[int]:
    return _walk(
        start, {node: [n for n, kind in ns if kind == "member"] for node, ns in needs.items()}
    )


def _upstream(start: set[int], needs: Mapping[int, Sequence[tuple[int, str]]]) -> set[int]:
    return _walk(start, {node: [n for n, _ in ns] for node, ns in needs.items()})


def _walk(start: set[int], graph: Mapping[int, Sequence[int]]) -> set[int]:
    seen, waiting = set(start), list(start)
    while waiting:
        for other in graph.get(waiting.pop(), ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen
