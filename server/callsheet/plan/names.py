"""Every way to name a task or phase of one plan, and the closest names when none fits."""

from collections.abc import Iterable, Sequence

from callsheet.plan.draft import PhaseDraft, TaskDraft
from callsheet.plan.keys import PHASE_PREFIX, closest, normal_phase, normal_task


def phase_names(phase: PhaseDraft) -> tuple[str, str, str]:
    """What a phase answers to, folded: its key, its number and its title."""
    return phase.key.casefold(), normal_phase(phase.key), phase.title.casefold()


class Names:
    """Every way to name a task or phase of the plan."""

    def __init__(self, phases: Iterable[PhaseDraft], tasks: Sequence[TaskDraft]) -> None:
        self.tasks = {task.key: task for task in tasks}
        self._folded = {key.casefold(): key for key in reversed(self.tasks)}
        self.phases: dict[str, str] = {}
        for phase in phases:
            for name in phase_names(phase):
                self.phases.setdefault(name, phase.key)

    def task(self, reference: str) -> str | None:
        """The key of the task that is meant: `1.2`, `Task 1.2`, `phase1.task2`, any case."""
        if reference in self.tasks:
            return reference
        folded = reference.strip().casefold()
        return self._folded.get(folded) or self._folded.get(normal_task(reference).casefold())

    def phase(self, reference: str) -> str | None:
        """The key of the phase that is meant: by key, `phase1` or title."""
        known = self.phases.get(reference.strip().casefold())
        return known or self.phases.get(normal_phase(reference))

    def any(self, reference: str) -> str | None:
        """A task's key or `phase:KEY`."""
        if reference[: len(PHASE_PREFIX)].casefold() != PHASE_PREFIX:
            key = self.task(reference)
            if key is not None or reference[:5].casefold() != "phase":
                return key
        phase = self.phase(reference)
        return None if phase is None else PHASE_PREFIX + phase

    def near(self, reference: str) -> tuple[str, ...]:
        """Up to three names that look like the reference."""
        if reference[: len(PHASE_PREFIX)].casefold() == PHASE_PREFIX:
            near = closest(normal_phase(reference), list(dict.fromkeys(self.phases.values())))
            return tuple(PHASE_PREFIX + key for key in near)
        return closest(normal_task(reference), self.tasks)
