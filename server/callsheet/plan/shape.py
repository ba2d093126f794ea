"""The plan as `callsheet load --dry-run --json` prints it.

Stated dependencies and implied ones are listed apart, so that a reader (or a measure against hand
made labels) sees what the source says and what its format's conventions add.
"""

from typing import Any

from callsheet.plan.draft import Diagnostic, PlanDraft, TaskDraft
from callsheet.plan.keys import PHASE_PREFIX

_STATUS = {"skipped": "cancelled"}


def scorer_shape(draft: PlanDraft, root: str = "") -> dict[str, Any]:
    """Plain JSON values; `root` is what the caller calls the project's folder."""
    return {
        "root": root,
        "plan": draft.source,
        "name": draft.name,
        "format": draft.format,
        "tasks": [_task(task) for task in draft.tasks],
        "phase_depends_on": {p.key: list(p.depends_on) for p in draft.phases if p.depends_on},
        "implied": {
            "tasks": {task.key: list(task.implied) for task in draft.tasks if task.implied},
            "phases": {phase.key: list(phase.implied) for phase in draft.phases if phase.implied},
        },
        "diagnostics": [diagnostic_shape(found) for found in draft.diagnostics],
    }


def _task(task: TaskDraft) -> dict[str, Any]:
    phases = [
        ref.removeprefix(PHASE_PREFIX) for ref in task.depends_on if ref.startswith(PHASE_PREFIX)
    ]
    hours = None if task.estimate_minutes is None else round(task.estimate_minutes / 60, 4)
    return {
        "key": task.key,
        "title": task.title,
        "phase": task.phase,
        "status": _STATUS.get(task.state, task.state),
        "container": task.container,
        "optional": task.optional,
        "depends_on": [ref for ref in task.depends_on if not ref.startswith(PHASE_PREFIX)],
        "depends_on_phases": phases,
        "estimate_hours": hours,
        "priority": task.priority,
        "acceptance": len(task.acceptance) or None,
    }


def diagnostic_shape(found: Diagnostic) -> dict[str, Any]:
    """A diagnostic without its empty fields."""
    fields = {
        "severity": found.severity,
        "code": found.code,
        "message": found.message,
        "file": found.file,
        "line": found.line,
        "text": found.text,
        "task": found.task,
        "candidates": list(found.candidates),
    }
    return {name: value for name, value in fields.items() if value not in (None, [])}
