"""The second pass over a draft: duplicate keys, references, limits, cycles.

Parsers write references as their source does. Here they become keys, and what can't be settled is
said: in an imported plan an unknown reference is a warning and makes no edge; in plans written for
callsheet it is an error. A cycle is always refused, over the graph that really orders the plan.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from callsheet.model.errors import CallsheetError, Code
from callsheet.plan.draft import Diagnostic, PhaseDraft, PlanDraft, Severity, TaskDraft
from callsheet.plan.effective import START, Effective
from callsheet.plan.graph import find_cycle, is_acyclic, knots, settle
from callsheet.plan.keys import PHASE_PREFIX, normal_phase
from callsheet.plan.limits import beyond_limits
from callsheet.plan.names import Names, phase_names

MAX_NAMED = 20
"""How many problems or members of a cycle one error names; the total is always said."""


def resolve(draft: PlanDraft, strict: bool | None = None) -> PlanDraft:
    """The draft with unique keys and settled references; problems are added to its diagnostics.

    `strict` makes unknown references errors; by default it is on for callsheet's own format.
    Implied edges that would close a cycle are dropped with a diagnostic.
    Raises CYCLE, naming the tasks in order, when the stated dependencies can't be ordered.
    """
    found: list[Diagnostic] = []
    phases = _with_missing_phases(draft, found)
    tasks = _unique(draft.tasks, found)
    names = Names(phases, tasks)
    strict = draft.format == "callsheet" if strict is None else strict
    settler = _Settler(names, "error" if strict else "warning", found)
    phases = [settler.phase(phase) for phase in phases]
    tasks = [settler.task(task) for task in tasks]
    found += beyond_limits(tasks)
    phases, tasks = _ordered(phases, tasks, found)
    return replace(
        draft,
        phases=tuple(phases),
        tasks=tuple(tasks),
        diagnostics=draft.diagnostics + tuple(found),
    )


def require_loadable(draft: PlanDraft) -> None:
    """Raise BAD_PLAN (TOO_LARGE when that is all) if a diagnostic of the draft is an error."""
    errors = [found for found in draft.diagnostics if found.severity == "error"]
    if not errors:
        return
    code: Code = "TOO_LARGE" if all(e.code == "TOO_LARGE" for e in errors) else "BAD_PLAN"
    raise CallsheetError(
        code,
        f"{draft.source or 'The plan'} can't be loaded: {listed([_sentence(e) for e in errors])}",
        "Correct these places and load it again; nothing was changed.",
    )


def listed(problems: Sequence[str]) -> str:
    """Up to `MAX_NAMED` problems in one line, with how many there are when more."""
    shown = " ".join(problems[:MAX_NAMED])
    more = f" ({len(problems)} problems, the first {MAX_NAMED} shown.)"
    return shown + (more if len(problems) > MAX_NAMED else "")


def _sentence(found: Diagnostic) -> str:
    near = f" Did you mean {' or '.join(found.candidates)}?" if found.candidates else ""
    where = f"{found.file}:{found.line}: " if found.file and found.line else ""
    who = f"task {found.task}: " if found.task and not where else ""
    return f"{where}{who}{found.message}{near}"


def _with_missing_phases(draft: PlanDraft, found: list[Diagnostic]) -> list[PhaseDraft]:
    """Phases once each, and one for every name that only tasks use."""
    phases: dict[str, PhaseDraft] = {}
    for phase in draft.phases:
        if phases.setdefault(phase.key, phase) is not phase:
            message = f"Phase {phase.key} is there twice; the first one counts."
            found.append(Diagnostic("warning", "DUPLICATE_PHASE", message, phase.file, phase.line))
    known = {name for phase in phases.values() for name in phase_names(phase)}
    for task in draft.tasks:
        if task.phase is not None and normal_phase(task.phase) not in known:
            phases[task.phase] = PhaseDraft(task.phase, task.phase, file=task.file, line=task.line)
            known.update(phase_names(phases[task.phase]))
    return list(phases.values())


def _unique(tasks: Iterable[TaskDraft], found: list[Diagnostic]) -> list[TaskDraft]:
    """One task a key: the same title twice is one task, another title gets `KEY#2`."""
    kept: dict[str, TaskDraft] = {}
    seen: dict[str, dict[str, str]] = {}
    for task in tasks:
        same = seen.setdefault(task.key.casefold(), {})
        twin = same.get(_title(task))
        if twin is not None:
            kept[twin] = _merged(kept[twin], task)
            continue
        key = task.key
        number = len(same) + 1
        while same and key.casefold() in seen:
            key = f"{task.key}#{number}"
            number += 1
        if key != task.key:
            message = f"The key {task.key} is used for another task already; this one is {key}."
            found.append(_at(task, "warning", "DUPLICATE_KEY", message, key))
            seen[key.casefold()] = {_title(task): key}
        same[_title(task)] = key
        kept[key] = task if key == task.key else replace(task, key=key)
    return list(kept.values())


def _title(task: TaskDraft) -> str:
    return " ".join(task.title.casefold().split())


def _merged(first: TaskDraft, again: TaskDraft) -> TaskDraft:
    """The first copy, filled and marked done from the second."""
    return replace(
        first,
        brief=first.brief or again.brief,
        acceptance=first.acceptance or again.acceptance,
        depends_on=tuple(dict.fromkeys(first.depends_on + again.depends_on)),
        implied=tuple(dict.fromkeys(first.implied + again.implied)),
        estimate_minutes=first.estimate_minutes or again.estimate_minutes,
        priority=first.priority or again.priority,
        state="done" if "done" in (first.state, again.state) else first.state,
    )


def _at(
    task: TaskDraft, severity: Severity, code: str, message: str,
    key: str | None = None, text: str | None = None, candidates: tuple[str, ...] = (),
) -> Diagnostic:  # fmt: skip
    return Diagnostic(
        severity, code, message, task.file, task.line, text, key or task.key, candidates
    )


class _Settler:
    """Rewrites references as keys and notes those that name nothing."""

    def __init__(self, names: Names, severity: Severity, found: list[Diagnostic]) -> None:
        self._names = names
        self._severity = severity
        self._found = found
        self._near_left = 100

    def task(self, task: TaskDraft) -> TaskDraft:
        phase = self._names.phase(task.phase) if task.phase is not None else None
        stated = self._references(task, task.depends_on)
        implied = [key for key in self._references(task, task.implied) if key not in stated]
        parent = self._names.task(task.parent) if task.parent is not None else None
        if task.parent is not None and (parent is None or parent == task.key):
            message = f"Its parent {task.parent} is not there; it stands on its own."
            self._found.append(_at(task, "warning", "UNKNOWN_PARENT", message))
            parent = None
        same = (tuple(stated), tuple(implied), phase, parent)
        if same == (task.depends_on, task.implied, task.phase, task.parent):
            return task
        return replace(task, depends_on=same[0], implied=same[1], phase=phase, parent=parent)

    def phase(self, phase: PhaseDraft) -> PhaseDraft:
        return replace(
            phase,
            depends_on=self._phases(phase, phase.depends_on),
            implied=self._phases(phase, phase.implied),
        )

    def _references(self, task: TaskDraft, references: Sequence[str]) -> list[str]:
        kept: dict[str, None] = {}
        for reference in references:
            key = self._names.any(reference)
            if key is None:
                self._unknown(_at(
                    task, self._severity, "UNKNOWN_REFERENCE",
                    f"It depends on {reference[:80]!r}, which is not in the plan.",
                    text=reference[:300], candidates=self._near(reference),
                ))  # fmt: skip
            elif key == task.key:
                message = "It names itself as a dependency; that was left out."
                self._found.append(_at(task, "warning", "SELF_DEPENDENCY", message))
            else:
                kept[key] = None
        return list(kept)

    def _phases(self, phase: PhaseDraft, references: Sequence[str]) -> tuple[str, ...]:
        kept: dict[str, None] = {}
        for reference in references:
            key = self._names.phase(reference)
            if key is not None and key != phase.key:
                kept[key] = None
            elif key is None:
                near = self._near(f"{PHASE_PREFIX}{reference}")
                message = f"Phase {phase.key} depends on {reference[:80]!r}, which is no phase."
                self._unknown(Diagnostic(
                    self._severity, "UNKNOWN_REFERENCE", message, phase.file, phase.line,
                    reference[:300], None, near,
                ))  # fmt: skip
        return tuple(kept)

    def _unknown(self, diagnostic: Diagnostic) -> None:
        self._found.append(diagnostic)

    def _near(self, reference: str) -> tuple[str, ...]:
        """Candidates for the first hundred only: looking for them costs milliseconds each."""
        self._near_left -= 1
        return self._names.near(reference) if self._near_left >= 0 else ()


def _ordered(
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
            f"{_label(other)} would have come first by convention, but the plan says otherwise."
        )
        task = None if node.startswith(START + PHASE_PREFIX) else node.removeprefix(START)
        found.append(Diagnostic(
            "warning", "IMPLIED_ORDER_DROPPED", f"{_label(node)}: {message}", task=task
        ))  # fmt: skip
    kept_phases = [
        replace(p, implied=tuple(
            other for other in p.implied
            if (START + PHASE_PREFIX + p.key, PHASE_PREFIX + other) not in gone
        ))
        for p in phases
    ]  # fmt: skip
    kept_tasks = [
        replace(t, implied=tuple(o for o in t.implied if (graph.source(t.key), o) not in gone))
        if t.implied else t
        for t in tasks
    ]  # fmt: skip
    return kept_phases, kept_tasks


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
        if name in known and known[name].file
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
