"""One task a key and one phase a key, whatever a source repeats or leaves unsaid."""

from collections.abc import Iterable
from dataclasses import replace

from callsheet.plan.draft import Diagnostic, PhaseDraft, PlanDraft, TaskDraft
from callsheet.plan.keys import normal_phase
from callsheet.plan.names import phase_names


def with_missing_phases(draft: PlanDraft, found: list[Diagnostic]) -> list[PhaseDraft]:
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


def unique(tasks: Iterable[TaskDraft], found: list[Diagnostic]) -> list[TaskDraft]:
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
            found.append(
                Diagnostic("warning", "DUPLICATE_KEY", message, task.file, task.line, task=key)
            )
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
