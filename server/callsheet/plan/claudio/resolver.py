"""What a reference means as keys: numbers of tasks and phases, ranges, "all previous tasks"."""

from collections.abc import Iterable

from callsheet.plan.claudio.facts import Value
from callsheet.plan.claudio.gathered import Gathered
from callsheet.plan.claudio.reference_words import Reference
from callsheet.plan.claudio.references import Wanted, numbers, plain
from callsheet.plan.draft import Severity
from callsheet.plan.keys import PHASE_PREFIX, closest

MAX_SET_EDGES = 300_000
"""Edges that come from sets ("all previous tasks"); more would be a plan nobody meant."""

_MOST_CANDIDATES = 100
"""References for which the closest names are looked up: that costs milliseconds each."""


class Resolver:
    """Knows all keys of a plan. Keys it gives are task keys, or `phase:KEY` for whole phases."""

    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered
        self._order = list(gathered.phases)
        self.members: dict[str | None, list[str]] = {None: [t.key for t in gathered.loose]}
        for phase in gathered.phases.values():
            self.members[phase.key] = list(dict.fromkeys(task.key for task in phase.tasks))
        self._keys = {key.casefold(): key for keys in self.members.values() for key in keys}
        self._position = {key: at for keys in self.members.values() for at, key in enumerate(keys)}
        self._budget = MAX_SET_EDGES
        self._near_left = _MOST_CANDIDATES

    def depended_on(
        self, asked: Wanted, value: Value, phase: str | None, task: str, report: bool
    ) -> tuple[list[str], bool]:
        """The keys that `task` asks for, and whether all of it was found.

        With `report`, what was not found becomes a diagnostic.
        """
        found: list[str] = []
        complete = True
        for reference in asked.tasks:
            keys, all_there = self._tasks(reference, phase, value, task, report)
            complete &= all_there
            found += keys
        for other in asked.phases:
            if other == phase:
                found += self.earlier(phase, task, value)
            elif other in self._gathered.phases:
                found.append(PHASE_PREFIX + other)
            else:
                complete = False
                if report:
                    self._unknown(f"phase {other}", self._order, value, task)
        if asked.earlier_tasks:
            found += self.earlier(phase, task, value)
        elif asked.previous_task:
            found += self.earlier(phase, task, value)[-1:]
        found += [PHASE_PREFIX + before for before in self.phases_before(asked, phase, value)]
        return [key for key in dict.fromkeys(found) if key != task], complete

    def tasks(self, reference: Reference, phase: str | None, value: Value) -> list[str]:
        """The keys of a task reference, of all between the two ends when it is a range."""
        return self._tasks(reference, phase, value, "", False)[0]

    def _tasks(
        self, reference: Reference, phase: str | None, value: Value, task: str, report: bool
    ) -> tuple[list[str], bool]:
        """The keys, and whether the ends of the reference are there."""
        place = self._place_of(reference, phase, task)
        first = self._key(reference.number, place)
        last = first if reference.last is None else self._key(reference.last, place)
        complete = first is not None and last is not None
        if report and not complete:
            self._unknown(str(reference), self._keys.values(), value, task)
        if reference.last is None:
            return [first] if first else [], complete
        spelt = numbers(reference.number, reference.last) if self._budget else []
        if not self.spend(len(spelt), value):
            return [], False
        if not spelt and first and last:
            return self._between(first, last, value), True
        return [key for number in spelt if (key := self._key(number, place))], complete

    def _place_of(self, reference: Reference, phase: str | None, task: str) -> str | None:
        """Where a number without its phase counts: for `Subtask 2` the parent of who says it."""
        parent = task.rpartition(".")[0]
        if reference.sub and "." in parent:
            return parent
        return reference.phase or phase

    def earlier(self, phase: str | None, key: str, value: Value) -> list[str]:
        """The tasks before this one in its phase."""
        place = self._position[key]
        return self.members[phase][:place] if self.spend(place, value) else []

    def later(self, phase: str | None, key: str, value: Value) -> list[str]:
        """The tasks behind this one in its phase."""
        found = self.members[phase][self._position[key] + 1 :]
        return found if self.spend(len(found), value) else []

    def phases_before(self, asked: Wanted, phase: str | None, value: Value) -> list[str]:
        """The earlier phases, or the previous one, when they are asked for."""
        if not (asked.earlier_phases or asked.previous_phase) or phase not in self._gathered.phases:
            return []
        before = self._order[: self._order.index(phase)]
        before = before if asked.earlier_phases else before[-1:]
        return before if self.spend(len(before), value) else []

    def spend(self, count: int, value: Value) -> bool:
        """Whether so many edges may still come from sets; it is an error when not."""
        if count > self._budget:
            self._budget = 0
            message = "This set is too large to be spelt out; name the tasks or a whole phase."
            self.note("error", "SET_TOO_LARGE", message, value)
            return False
        self._budget -= count
        return True

    def _between(self, first: str, last: str, value: Value) -> list[str]:
        keys = [key for phase in self._order for key in self.members[phase]]
        low, high = keys.index(first), keys.index(last)
        return keys[low : high + 1] if self.spend(high - low, value) else []

    def _key(self, number: str, place: str | None) -> str | None:
        local = f"{place}.{number}".casefold() if place is not None else ""
        number = number.casefold()
        if "." in number:
            return self._keys.get(number) or self._keys.get(local)
        return self._keys.get(local) or (self._keys.get(number) if place is None else None)

    def _unknown(self, name: str, known: Iterable[str], value: Value, task: str) -> None:
        self._near_left -= 1
        candidates: tuple[str, ...] = ()
        if self._near_left >= 0:
            candidates = closest(name.split(" ", 1)[1], list(known))
        message = f"There is no {name}; this makes no dependency."
        self.note("warning", "UNKNOWN_REFERENCE", message, value, task, candidates)

    def note(
        self, severity: Severity, code: str, message: str, value: Value,
        task: str | None = None, candidates: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """Add a diagnostic that quotes the value."""
        text = plain(value.text)
        self._gathered.notes.add(
            severity, code, message, value.file, value.line, text, task, candidates
        )
