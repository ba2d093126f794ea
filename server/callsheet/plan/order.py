"""Whether a settled plan can be ordered: cycles refused and named, implied order bent to fit."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from callsheet.model.errors import CallsheetError
from callsheet.plan.draft import Diagnostic, PhaseDraft, TaskDraft
from callsheet.plan.effective import START, Effective
from callsheet.plan.graph import find_cycle, is_acyclic, knots, settle
from callsheet.plan.keys import PHASE_PREFIX
from callsheet.plan.limits import MAX_NAMED


def ordered(
    phases: list[PhaseDraft], tasks: list[TaskDraft], found: list[Diagnostic]
) -> tuple[list[PhaseDraft], list[TaskDraft]]:
    """Refuse cycles among stated edges; drop implied edges that would close one."""
    graph = Effective(phases, tasks)
    if is_acyclic(graph.with_implied()):
        return phases, tasks
    if not is_acyclic(graph.stated):
        raise _cycle_error(graph, tasks)
    gone = set(settle(graph.stated, graph.implied))
    for node, other in sorted(gone):
        message = (
            f"{_label(node)}: {_label(other)} would have come first by convention, but the plan "
            "says otherwise."
        )
        task = None if node.startswith(START + PHASE_PREFIX) else node.removeprefix(START)
        found.append(Diagnostic("warning", "IMPLIED_ORDER_DROPPED", message, task=task))

    def left(node: str, implied: Iterable[str], prefix: str = "") -> tuple[str, ...]:
        return tuple(other for other in implied if (node, prefix + other) not in gone)

    return (
        [
            replace(p, implied=left(START + PHASE_PREFIX + p.key, p.implied, PHASE_PREFIX))
            for p in phases
        ],
        [
            replace(t, implied=left(graph.source(t.key), t.implied)) if t.implied else t
            for t in tasks
        ],
    )


def _cycle_error(graph: Effective, tasks: Sequence[TaskDraft]) -> CallsheetError:
    cycle = find_cycle(graph.stated) or ()
    names = [_label(node) for node in cycle]
    names = [name for at, name in enumerate(names) if at == 0 or name != names[at - 1]]
    if len(names) == 1:
        names *= 2
    shown = names if len(names) <= MAX_NAMED else [*names[: MAX_NAMED - 1], "…", names[-1]]
    known = {task.key: task for task in tasks}
    places = [
        f"{name} in {known[name].file}:{known[name].line}"
        for name in dict.fromkeys(shown)
        if name in known and known[name].line
    ]
    count = len(knots(graph.stated))
    more = f" There are {count - 1} more such cycles." if count > 1 else ""
    where = f" ({', '.join(places)})" if places else ""
    return CallsheetError(
        "CYCLE",
        f"These wait for each other: {' → '.join(shown)}{where}.{more}",
        "Take one of these dependencies out and load the plan again; nothing was changed.",
    )


def _label(node: str) -> str:
    name = node.removeprefix(START)
    return f"phase {name[len(PHASE_PREFIX) :]}" if name.startswith(PHASE_PREFIX) else name
