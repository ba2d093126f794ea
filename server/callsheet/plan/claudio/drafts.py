"""From what was gathered and the edges that it states to the drafts of phases and tasks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from callsheet.plan.claudio import phases as phase_pages
from callsheet.plan.claudio.brief import brief
from callsheet.plan.claudio.edges import Edges
from callsheet.plan.claudio.gathered import Gathered, Phase, Task
from callsheet.plan.draft import PhaseDraft, SourceState, TaskDraft
from callsheet.plan.effective import dropped_edges
from callsheet.plan.keys import PHASE_PREFIX

Others = Mapping[str, list[str]]
"""What waits for what, by `Edges.weak` names: task keys and `phase:KEY`."""


def drafts(
    gathered: Gathered, edges: Edges, in_order: bool, standards: Sequence[str]
) -> tuple[list[PhaseDraft], list[TaskDraft]]:
    """The phases and tasks in plan order; with `in_order` silent phases follow each other.

    `standards` are files that every task's executor should read.
    """
    phases = _phases(gathered, edges, in_order)
    tasks = gathered.tasks()
    parents = {task.parent for task in tasks if task.parent}
    weak = _weak(gathered, edges, phases, parents)
    implied = grouped(edges.implied)
    phases = [
        replace(p, depends_on=joined(p.depends_on, others))
        if (others := weak.get(PHASE_PREFIX + p.key))
        else p
        for p in phases
    ]
    return phases, [
        _task(task, gathered, edges, standards, weak, implied, task.key in parents)
        for task in tasks
    ]


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """First → all second ones, in order."""
    found: dict[str, list[str]] = {}
    for key, other in pairs:
        found.setdefault(key, []).append(other)
    return found


def joined(*lists: Iterable[str]) -> tuple[str, ...]:
    """All of them once, in order."""
    return tuple(dict.fromkeys(name for names in lists for name in names))


def _weak(
    gathered: Gathered, edges: Edges, phases: Sequence[PhaseDraft], parents: Collection[str]
) -> Others:
    """The weaker edges without those that would close a cycle; phases are named without prefix."""
    weak = list(dict.fromkeys(edges.weak))
    weak += [
        (PHASE_PREFIX + key, PHASE_PREFIX + other) for key, other in dict.fromkeys(edges.phase_weak)
    ]
    if not weak:
        return {}
    bare = [
        TaskDraft(
            task.key, task.facts.title, task.phase, task.parent, task.key in parents,
            depends_on=joined(edges.firm.get(id(task), ())),
        )
        for task in gathered.tasks()
    ]  # fmt: skip
    dropped = set(dropped_edges(phases, bare, weak))
    for key, other in sorted(dropped):
        message = (
            f"Other pages say that {key} waits for {other}; that contradicts the plan and was "
            "left out."
        )
        gathered.notes.add("warning", "CONTRADICTION", message, None, None, task=key)
    return grouped(
        (key, other.removeprefix(PHASE_PREFIX) if key.startswith(PHASE_PREFIX) else other)
        for key, other in weak
        if (key, other) not in dropped
    )


def _phases(gathered: Gathered, edges: Edges, in_order: bool) -> list[PhaseDraft]:
    made: list[PhaseDraft] = []
    ordered = {key for key, _ in edges.phase_weak}
    for phase in gathered.phases.values():
        stated = tuple(dict.fromkeys(edges.phase_firm.get(phase.key, ())))
        silent = not stated and not phase.facts.stated and phase.key not in ordered
        made.append(
            PhaseDraft(
                phase.key,
                phase.facts.title or f"Phase {phase.key}",
                depends_on=stated,
                implied=_previous(phase, made) if in_order and silent else (),
                file=phase.facts.file,
                line=phase.facts.line,
                status_file=_status_file(phase),
            )
        )
    return made


def _previous(phase: Phase, before: Sequence[PhaseDraft]) -> tuple[str, ...]:
    """The phase before this one; one that it says it runs parallel with is passed over."""
    parallel = phase.facts.parallel
    earlier = (draft.key for draft in reversed(before) if draft.key not in parallel)
    previous = next(earlier, None)
    return () if previous is None else (previous,)


def _status_file(phase: Phase) -> str | None:
    if phase.folder is None:
        return None
    known = phase.folder.status or ""
    if known.lower().endswith(("phase_status.md", "phase-status.md")):
        return known
    return f"{phase.folder.path}/phase_status.md"


def _task(
    task: Task, gathered: Gathered, edges: Edges, standards: Sequence[str],
    weak: Others, implied: Others, container: bool,
) -> TaskDraft:  # fmt: skip
    facts = task.facts
    phase = gathered.phases.get(task.phase) if task.phase is not None else None
    stated = joined(edges.firm.get(id(task), ()), weak.get(task.key, ()))
    return TaskDraft(
        key=task.key,
        title=facts.title or f"Task {task.key}",
        phase=task.phase,
        parent=task.parent,
        container=container,
        optional=facts.optional,
        type=facts.type,
        brief=brief(task, stated, edges.settled),
        acceptance=tuple("".join(pieces) for pieces in facts.acceptance),
        depends_on=stated,
        implied=tuple(key for key in joined(implied.get(task.key, ())) if key not in stated),
        resources=tuple(facts.paths),
        estimate_minutes=None if facts.estimate_hours is None else facts.estimate_hours * 60,
        priority=facts.priority,
        route=facts.route,
        files=_files(task, phase, standards),
        state=_state(task, phase, gathered),
        file=facts.file,
        line=facts.line,
    )


def _files(task: Task, phase: Phase | None, standards: Sequence[str]) -> tuple[str, ...]:
    paths = [folder.claude for folder in task.folders if folder.claude]
    if phase and phase.folder and phase.folder.claude and not phase.foreign:
        paths.append(phase.folder.claude)
    return tuple(dict.fromkeys([*paths, *standards]))


def _state(task: Task, phase: Phase | None, gathered: Gathered) -> SourceState:
    """The most specific word: the task's page, its section, the phase's page, the phase itself."""
    facts = task.facts
    said = task.page_state or facts.state or task.item_state
    if said:
        return said
    if phase and phase_pages.done(phase.facts.state):
        return phase.facts.state or "todo"
    if facts.acceptance and facts.ticked == len(facts.acceptance):
        message = "All acceptance criteria are ticked and no status is given; assumed to be done."
        gathered.notes.add("info", "ASSUMED_DONE", message, facts.file, facts.line, task=task.key)
        return "done"
    return "todo"
