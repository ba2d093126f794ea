"""The graph that really orders a plan: phases and containers spelt out as gates.

A container's dependencies bind all it contains, and depending on a container or a phase means on
all its children. Written out task by task that would be quadratic, so each phase and container
becomes two nodes: a start that its members wait for, and an end that waits for its members.
"""

from collections.abc import Iterable, Mapping, Sequence

from callsheet.plan.draft import PhaseDraft, TaskDraft
from callsheet.plan.graph import is_acyclic, settle
from callsheet.plan.keys import PHASE_PREFIX

START = "start of "


class Effective:
    """Nodes are task keys and `phase:KEY` (ends), and `start of …` for phases and containers."""

    def __init__(self, phases: Sequence[PhaseDraft], tasks: Sequence[TaskDraft]) -> None:
        self._groups = {f"{PHASE_PREFIX}{phase.key}" for phase in phases}
        self._groups.update(task.key for task in tasks if task.container)
        self.stated: dict[str, list[str]] = {}
        self.implied: list[tuple[str, str]] = []
        for phase in phases:
            self._group(f"{PHASE_PREFIX}{phase.key}", None)
            self._edges(
                f"{PHASE_PREFIX}{phase.key}",
                (f"{PHASE_PREFIX}{other}" for other in phase.depends_on),
                (f"{PHASE_PREFIX}{other}" for other in phase.implied),
            )
        for task in tasks:
            self._task(task)

    def source(self, name: str) -> str:
        """The node that waits when `name` depends on something."""
        return START + name if name in self._groups else name

    def _task(self, task: TaskDraft) -> None:
        phase = f"{PHASE_PREFIX}{task.phase}" if task.phase is not None else None
        group = task.parent if task.parent in self._groups and task.parent != task.key else phase
        group = group if group in self._groups else None
        if task.container:
            self._group(task.key, group)
        elif group:
            self.stated.setdefault(task.key, []).append(START + group)
        else:
            self.stated.setdefault(task.key, [])
        if group:
            self.stated.setdefault(group, []).append(task.key)
        self._edges(task.key, task.depends_on, task.implied)

    def _group(self, name: str, outer: str | None) -> None:
        self.stated.setdefault(START + name, []).extend([START + outer] if outer else [])
        self.stated.setdefault(name, []).append(START + name)

    def _edges(self, name: str, stated: Iterable[str], implied: Iterable[str]) -> None:
        node = self.source(name)
        self.stated[node].extend(stated)
        self.implied.extend((node, other) for other in implied)

    def with_implied(self) -> Mapping[str, Sequence[str]]:
        """All edges together."""
        return _joined(self.stated, self.implied)


def dropped_edges(
    phases: Sequence[PhaseDraft], tasks: Sequence[TaskDraft], weak: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Which of the weak (name, dependency) pairs would close a cycle and should be left out.

    Names are task keys and `phase:KEY`. Implied edges of the drafts are not looked at: they give
    way to weak ones too.
    """
    graph = Effective(phases, tasks)
    pairs = [(graph.source(name), other) for name, other in weak]
    if is_acyclic(_joined(graph.stated, pairs)):
        return []
    gone = set(settle(graph.stated, pairs))
    return [edge for edge, pair in zip(weak, pairs, strict=True) if pair in gone]


def _joined(
    stated: Mapping[str, Sequence[str]], more: Iterable[tuple[str, str]]
) -> Mapping[str, Sequence[str]]:
    extra: dict[str, list[str]] = {}
    for node, other in more:
        extra.setdefault(node, []).append(other)
    if not extra:
        return stated
    return {**stated, **{node: [*stated.get(node, ()), *others] for node, others in extra.items()}}
