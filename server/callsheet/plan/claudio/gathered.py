"""The tasks and phases of a tree, with all that was said about them, before names are resolved."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from callsheet.plan.claudio.facts import Facts
from callsheet.plan.claudio.layout import PhaseFolder, TaskFolder
from callsheet.plan.claudio.notes import Notes
from callsheet.plan.claudio.phases import PhaseFacts
from callsheet.plan.claudio.sections import Section
from callsheet.plan.draft import SourceState
from callsheet.plan.outline import Outline


@dataclass(slots=True)
class Task:
    """A task. `facts` are those of the place that defines it, filled from others.

    `page_state` is what the task's own page says, `item_state` what the phase's pages say.
    """

    key: str
    phase: str | None
    facts: Facts
    parent: str | None = None
    from_row: bool = False
    folders: list[TaskFolder] = field(default_factory=list)
    page_state: SourceState | None = None
    item_state: SourceState | None = None


@dataclass(slots=True)
class Phase:
    """A phase; `foreign` when its claude.md speaks only of other tasks."""

    key: str
    folder: PhaseFolder | None
    facts: PhaseFacts = field(default_factory=PhaseFacts)
    tasks: list[Task] = field(default_factory=list)
    foreign: bool = False


@dataclass(slots=True)
class Gathered:
    """`phases` are in order, `loose` are tasks outside any; `arrows` are files that may hold chains."""

    notes: Notes = field(default_factory=Notes)
    title: str = ""
    phases: dict[str, Phase] = field(default_factory=dict)
    loose: list[Task] = field(default_factory=list)
    arrows: list[tuple[str | None, str, Outline]] = field(default_factory=list)
    _taken: dict[str | None, set[str]] = field(default_factory=dict)
    _counters: Counter[str | None] = field(default_factory=Counter)

    def tasks(self) -> list[Task]:
        """All tasks in plan order."""
        return [task for phase in self.phases.values() for task in phase.tasks] + self.loose

    def new_task(self, phase: Phase | None, facts: Facts, parent: Task | None = None) -> Task:
        """A task for these facts, not yet in its phase; without a number it takes a free one."""
        key = None if phase is None else phase.key
        taken = self._taken.setdefault(key, set())
        if facts.number is None:
            facts.number = self._free_number(key if parent is None else parent.key, taken)
        for value in facts.unknown:
            message = "This value is not one that callsheet knows; it was left out."
            self.notes.add(
                "info", "UNKNOWN_VALUE", message, value.file, value.line, value.text, facts.number
            )
        task = Task(task_key(facts.number, key), key, facts, parent.key if parent else None)
        taken.add(task.key)
        return task

    def _free_number(self, prefix: str | None, taken: set[str]) -> str:
        """The next number that no task below the prefix has; it never looks at one twice."""
        while True:
            self._counters[prefix] += 1
            key = task_key(str(self._counters[prefix]), prefix)
            if key not in taken:
                return key

    def add_sections(self, phase: Phase, found: Sequence[Section]) -> list[Task]:
        """Add the tasks of these sections to the phase, children with their parents."""
        numbers = (s.facts.number for s in found if s.facts.number is not None)
        self._taken.setdefault(phase.key, set()).update(task_key(n, phase.key) for n in numbers)
        tasks = [self.new_task(phase, section.facts) for section in found]
        _set_parents(tasks, found)
        phase.tasks += tasks
        return tasks


def task_key(number: str, phase: str | None) -> str:
    """`3` in phase 2 is `2.3`; a number with a dot is a key already."""
    return number if "." in number or phase is None else f"{phase}.{number}"


def natural(key: str) -> list[tuple[int, str]]:
    """Sorts 1.10 after 1.9."""
    return [(int(part), "") if part.isdigit() else (10**9, part) for part in key.split(".")]


def outside(found: Sequence[Section], start: int, end: int) -> list[tuple[int, int]]:
    """The line spans from start to end that belong to no task."""
    spans, at = [], start
    for section in found:
        if section.start > at:
            spans.append((at, section.start))
        at = max(at, section.end)
    if at < end:
        spans.append((at, end))
    return spans


def _set_parents(tasks: Sequence[Task], found: Sequence[Section]) -> None:
    """A task whose section lies in another's, or whose number continues it, is its child."""
    known = {task.key for task in tasks}
    open_sections: list[tuple[Section, Task]] = []
    for task, section in zip(tasks, found, strict=True):
        while open_sections and open_sections[-1][0].end <= section.start:
            open_sections.pop()
        prefix = task.key.rsplit(".", 1)[0]
        if open_sections and open_sections[-1][1].key != task.key:
            task.parent = open_sections[-1][1].key
        elif prefix.count(".") and prefix in known:
            task.parent = prefix
        open_sections.append((section, task))
