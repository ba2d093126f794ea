"""Turns what the texts ask for into keys: a second pass, when all tasks are known.

Firm edges are said by the task's own section. What other pages, reverse fields and arrow chains say
is weaker: it gives way where it would close a cycle.
"""

import re
from collections.abc import Iterable, Sequence

from callsheet.plan.claudio.facts import Value
from callsheet.plan.claudio.gather import Gatherer, Phase, Task
from callsheet.plan.claudio.references import TaskRef, Wanted, numbers, phases_in, plain, wanted
from callsheet.plan.draft import Severity
from callsheet.plan.keys import PHASE_PREFIX, closest
from callsheet.plan.outline import MAX_SYNTAX_CHARS, Outline

MAX_SET_EDGES = 300_000
"""Edges that come from sets ("all previous tasks"); more would be a plan nobody meant."""

_ARROW = re.compile(r"\s*(?:→|⟶|-{1,2}>|=>)\s*")
_ABOUT_ORDER = re.compile(
    r"critical path|dependenc|sequence|order|\btasks?\s*\d|\bphases?\s*\d", re.IGNORECASE
)
_SELF_REFERENCE = re.compile(
    r"\ball other\b|\ball (subsequent|later|following|remaining)\b", re.IGNORECASE
)


class Edges:
    """Edges by key. `weak` and `implied` are (task, dependency); `phase_*` the same for phases."""

    def __init__(self, gathered: Gatherer) -> None:
        self._gathered = gathered
        self._phases = gathered.phases
        self._order = list(gathered.phases)
        self._members: dict[str | None, list[str]] = {None: [task.key for task in gathered.loose]}
        for phase in gathered.phases.values():
            self._members[phase.key] = list(dict.fromkeys(task.key for task in phase.tasks))
        self._keys = {key.casefold(): key for members in self._members.values() for key in members}
        self._place = {key: at for keys in self._members.values() for at, key in enumerate(keys)}
        self._budget = MAX_SET_EDGES
        self._near_left = 100
        self.firm: dict[int, list[str]] = {}
        self.weak: list[tuple[str, str]] = []
        self.implied: list[tuple[str, str]] = []
        self.phase_firm: dict[str, list[str]] = {}
        self.phase_weak: list[tuple[str, str]] = []

    def resolve(self, tasks: Sequence[Task]) -> None:
        """Fill all edge lists for these tasks and the phases."""
        for task in tasks:
            for value in task.facts.depends or ():
                self._depend(task, value)
            for value in task.facts.blocks:
                self._block(task, value)
        for phase in self._phases.values():
            self._phase(phase)
        for key, file, outline in self._gathered.arrows:
            self._chains(key, file, outline)

    def _depend(self, task: Task, value: Value) -> None:
        asked = wanted(value.text)
        own = value.file == task.facts.file
        targets = [key for key in self._targets(task, asked, value, own) if key != task.key]
        if own:
            self.firm.setdefault(id(task), []).extend(targets)
        else:
            self.weak += [(task.key, key) for key in targets]
        if not own:
            return
        if asked.vague:
            self._vague(task, value)
        elif asked.prose:
            message = (
                "No task or phase is named here; it was kept in the brief and makes no dependency."
            )
            self._note("info", "NO_REFERENCE", message, value, task.key)

    def _vague(self, task: Task, value: Value) -> None:
        earlier = self._earlier(task.phase, task.key, value)
        self.implied += [(task.key, key) for key in earlier]
        what = (
            "all earlier tasks of its phase"
            if earlier
            else "nothing, as it is the first of its phase"
        )
        message = f"This names no tasks; the task was assumed to wait for {what}."
        self._note("warning", "VAGUE_DEPENDENCY", message, value, task.key)

    def _targets(self, task: Task, asked: Wanted, value: Value, report: bool) -> list[str]:
        found: list[str] = []
        for reference in asked.tasks:
            found += self._task_keys(reference, task.phase, task.key, value, report)
        for phase in asked.phases + [
            p for low, high in asked.phase_ranges for p in numbers(low, high)
        ]:
            if phase == task.phase:
                found += self._earlier(task.phase, task.key, value)
            elif phase in self._phases:
                found.append(PHASE_PREFIX + phase)
            elif report:
                self._unknown(f"phase {phase}", self._order, value, task.key)
        if asked.earlier_tasks:
            found += self._earlier(task.phase, task.key, value)
        elif asked.previous_task:
            found += self._earlier(task.phase, task.key, value)[-1:]
        if asked.earlier_phases or asked.previous_phase:
            before = self._before(task.phase)[0 if asked.earlier_phases else -1 :]
            if self._spend(len(before), value):
                found += [PHASE_PREFIX + p for p in before]
        return list(dict.fromkeys(found))

    def _task_keys(
        self, reference: TaskRef, phase: str | None, task: str, value: Value, report: bool
    ) -> list[str]:
        first = self._key(reference.number, reference.phase or phase)
        if reference.last is None:
            if first is None and report:
                self._unknown(f"task {reference.number}", self._keys.values(), value, task)
            return [first] if first else []
        spelt = numbers(reference.number, reference.last) if self._budget else []
        if not self._spend(len(spelt), value):
            return []
        found = [key for n in spelt if (key := self._key(n, reference.phase or phase))]
        last = self._key(reference.last, reference.phase or phase)
        if not spelt and first and last:
            found = self._between(first, last, value)
        if report and (first is None or last is None):
            self._unknown(
                f"tasks {reference.number} to {reference.last}", self._keys.values(), value, task
            )
        return found

    def _between(self, first: str, last: str, value: Value) -> list[str]:
        keys = [key for phase in self._order for key in self._members[phase]]
        low, high = keys.index(first), keys.index(last)
        return keys[low : high + 1] if self._spend(high - low, value) else []

    def _key(self, number: str, phase: str | None) -> str | None:
        local = f"{phase}.{number}".casefold() if phase is not None else ""
        number = number.casefold()
        if "." in number:
            return self._keys.get(number) or self._keys.get(local)
        return self._keys.get(local) or (self._keys.get(number) if phase is None else None)

    def _earlier(self, phase: str | None, key: str, value: Value) -> list[str]:
        place = self._place[key]
        return self._members[phase][:place] if self._spend(place, value) else []

    def _before(self, phase: str | None) -> list[str]:
        return self._order[: self._order.index(phase)] if phase in self._phases else []

    def _spend(self, count: int, value: Value) -> bool:
        if count > self._budget:
            self._budget = 0
            message = "This set is too large to be spelt out; name the tasks or a whole phase."
            self._note("error", "SET_TOO_LARGE", message, value)
            return False
        self._budget -= count
        return True

    def _block(self, task: Task, value: Value) -> None:
        """`Blocks: Task 1.3`, `Enables: Phase 2`, `All other Phase 1 tasks depend on this`."""
        asked = wanted(value.text)
        found = [
            key
            for r in asked.tasks
            for key in self._task_keys(r, task.phase, task.key, value, False)
        ]
        for phase in asked.phases:
            if phase != task.phase:
                members = self._members.get(phase, [])
                found += members if self._spend(len(members), value) else []
            elif _SELF_REFERENCE.search(value.text):
                members = self._members[phase][self._place[task.key] + 1 :]
                found += members if self._spend(len(members), value) else []
        self.weak += [(key, task.key) for key in dict.fromkeys(found) if key != task.key]

    def _phase(self, phase: Phase) -> None:
        own_file = phase.folder.tasks if phase.folder else phase.facts.file
        for value in phase.facts.depends:
            asked = wanted(value.text)
            named = asked.phases + [
                p for low, high in asked.phase_ranges for p in numbers(low, high)
            ]
            if asked.earlier_phases or asked.previous_phase:
                before = self._before(phase.key)[0 if asked.earlier_phases else -1 :]
                named += before if self._spend(len(before), value) else []
            for other in dict.fromkeys(named):
                if other == phase.key or other not in self._phases:
                    continue
                if value.file == own_file:
                    self.phase_firm.setdefault(phase.key, []).append(other)
                else:
                    self.phase_weak.append((phase.key, other))
        for value in phase.facts.blocks:
            for other in phases_in(value.text):
                if other != phase.key and other in self._phases:
                    self.phase_weak.append((other, phase.key))

    def _chains(self, phase: str | None, file: str, outline: Outline) -> None:
        """`Tasks 1.1-1.4 (…) → Task 1.5 → Tasks 1.6-1.8`: each waits for the one before."""
        for number, line in enumerate(outline.lines):
            if "→" not in line and "->" not in line and "=>" not in line:
                continue
            if len(line) <= MAX_SYNTAX_CHARS and _ABOUT_ORDER.search(line):
                value = Value(line, file, number + 1)
                for part in _with_brackets_apart(line):
                    self._chain(phase, _ARROW.split(part), value)

    def _chain(self, phase: str | None, segments: Iterable[str], value: Value) -> None:
        before_tasks: list[str] = []
        before_phases: list[str] = []
        for segment in segments:
            asked = wanted(segment)
            keys = [k for r in asked.tasks for k in self._task_keys(r, phase, "", value, False)]
            named = [p for p in asked.phases if p in self._phases]
            if self._spend(len(keys) * len(before_tasks), value):
                self.weak += [
                    (key, other) for key in keys for other in before_tasks if key != other
                ]
            if not keys and not before_tasks:
                self.phase_weak += [
                    (p, other) for p in named for other in before_phases if p != other
                ]
            before_tasks, before_phases = keys, [] if keys else named

    def _unknown(self, name: str, known: Iterable[str], value: Value, task: str) -> None:
        self._near_left -= 1
        candidates: tuple[str, ...] = ()
        if self._near_left >= 0:
            candidates = closest(name.split(" ", 1)[1], list(known))
        message = f"There is no {name}; this makes no dependency."
        self._note("warning", "UNKNOWN_REFERENCE", message, value, task, candidates)

    def _note(
        self, severity: Severity, code: str, message: str, value: Value,
        task: str | None = None, candidates: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        text = plain(value.text)
        self._gathered.note(severity, code, message, value.file, value.line, text, task, candidates)


def _with_brackets_apart(line: str) -> list[str]:
    """The line without what stands in brackets, and each bracket that holds a chain of its own."""
    inner = [part for part in re.findall(r"\(([^()]*)\)", line) if _ARROW.search(part)]
    return [plain(line), *inner]
