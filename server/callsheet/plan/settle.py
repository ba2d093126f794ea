"""Turns the references of a draft into keys, and says which ones name nothing."""

from collections.abc import Sequence
from dataclasses import replace

from callsheet.plan.draft import Diagnostic, PhaseDraft, Severity, TaskDraft
from callsheet.plan.keys import PHASE_PREFIX
from callsheet.plan.names import Names


class Settler:
    """Rewrites references as keys and notes those that name nothing."""

    def __init__(self, names: Names, severity: Severity, found: list[Diagnostic]) -> None:
        self._names = names
        self._severity = severity
        self._found = found
        self._near_left = 100

    def task(self, task: TaskDraft) -> TaskDraft:
        """The task with keys in place of what its source calls other tasks and phases."""
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
        """The phase with keys in place of what its source calls other phases."""
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
                self._found.append(_at(
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
                self._found.append(Diagnostic(
                    self._severity, "UNKNOWN_REFERENCE", message, phase.file, phase.line,
                    reference[:300], None, near,
                ))  # fmt: skip
        return tuple(kept)

    def _near(self, reference: str) -> tuple[str, ...]:
        """Candidates for the first hundred only: looking for them costs milliseconds each."""
        self._near_left -= 1
        return self._names.near(reference) if self._near_left >= 0 else ()


def _at(
    task: TaskDraft, severity: Severity, code: str, message: str,
    key: str | None = None, text: str | None = None, candidates: tuple[str, ...] = (),
) -> Diagnostic:  # fmt: skip
    return Diagnostic(
        severity, code, message, task.file, task.line, text, key or task.key, candidates
    )
