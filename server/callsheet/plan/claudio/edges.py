"""Which dependencies the texts state: a second pass, when all tasks are known.

Firm edges are said by the task's own section. What other pages, reverse fields and arrow chains say
is weaker: it gives way where it would close a cycle.
"""

import re
from collections.abc import Iterable

from callsheet.plan.claudio.facts import Value
from callsheet.plan.claudio.gathered import Gathered, Phase, Task
from callsheet.plan.claudio.mirrors import agree
from callsheet.plan.claudio.references import (
    Wanted,
    in_brackets,
    phases_in,
    plain,
    says_only_references,
    wanted,
)  # fmt: skip
from callsheet.plan.claudio.resolver import Resolver
from callsheet.plan.draft import MAX_DEPTH
from callsheet.plan.keys import PHASE_PREFIX
from callsheet.plan.outline import MAX_SYNTAX_CHARS, Outline

_ARROW = re.compile(r"\s*(?:→|⟶|-{1,2}>|=>)\s*")
_ABOUT_ORDER = re.compile(
    r"critical path|dependenc|sequence|order|\btasks?\s*\d|\bphases?\s*\d", re.IGNORECASE
)
_SELF_REFERENCE = re.compile(
    r"\ball other\b|\ball (subsequent|later|following|remaining)\b", re.IGNORECASE
)


class Edges:
    """Edges by key. `weak` and `implied` are (task, dependency); `phase_*` the same for phases.

    `firm` is by id of the task, since keys may be there twice; `settled` has the values that are
    fully expressed by the keys that they gave.
    """

    def __init__(self, gathered: Gathered) -> None:
        self._phases = gathered.phases
        self._resolver = Resolver(gathered)
        self._titles = {task.key: task.facts.title for task in gathered.tasks()}
        self._parents = {task.key: task.parent for task in gathered.tasks() if task.parent}
        self._titles |= {PHASE_PREFIX + p.key: p.facts.title for p in gathered.phases.values()}
        self.firm: dict[int, list[str]] = {}
        self.weak: list[tuple[str, str]] = []
        self.implied: list[tuple[str, str]] = []
        self.phase_firm: dict[str, list[str]] = {}
        self.phase_weak: list[tuple[str, str]] = []
        self.settled: dict[Value, list[str]] = {}
        for task in gathered.tasks():
            for value in task.facts.depends or ():
                self._depend(task, value)
            for value in task.facts.blocks:
                self._block(task, value)
        for phase in gathered.phases.values():
            self._phase(phase)
        for key, file, outline in gathered.arrows:
            self._chains(key, file, outline)

    def _depend(self, task: Task, value: Value) -> None:
        asked = wanted(value.text)
        own = value.file == task.facts.file
        found, complete = self._resolver.depended_on(asked, value, task.phase, task.key, own)
        targets = [key for key in found if not self._contains(key, task.key)]
        if (
            complete
            and targets == found
            and asked.is_settled()
            and self._says_no_more(value, targets)
        ):
            self.settled[value] = targets
        if not own:
            self.weak += [(task.key, key) for key in targets]
            return
        self.firm.setdefault(id(task), []).extend(targets)
        if len(targets) < len(found):
            message = "A task and its subtasks don't wait for each other; that was left out."
            self._resolver.note("info", "CONTAINED", message, value, task.key)
        self._remark(task, asked, value)

    def _contains(self, one: str, other: str) -> bool:
        """Whether one of the two tasks is below the other."""
        if not self._parents:
            return False
        for below, above in ((one, other), (other, one)):
            at: str | None = below
            for _ in range(MAX_DEPTH):
                at = self._parents.get(at) if at is not None else None
                if at == above:
                    return True
        return False

    def _says_no_more(self, value: Value, targets: list[str]) -> bool:
        """Whether the value consists of references; in brackets may stand the title of one."""
        titles = [self._titles[key] for key in targets]
        return says_only_references(plain(value.text)) and all(
            any(agree(title, remark) for title in titles) for remark in in_brackets(value.text)
        )

    def _remark(self, task: Task, asked: Wanted, value: Value) -> None:
        if asked.alternatives:
            message = (
                f"Either would do here; the task waits for the first one named, not for "
                f"{', '.join(asked.alternatives)}."
            )
            self._resolver.note("info", "ALTERNATIVE", message, value, task.key)
        if asked.vague:
            self._vague(task, value)
        elif asked.prose:
            message = (
                "No task or phase is named here; it was kept in the brief and makes no dependency."
            )
            self._resolver.note("info", "NO_REFERENCE", message, value, task.key)

    def _vague(self, task: Task, value: Value) -> None:
        earlier = self._resolver.earlier(task.phase, task.key, value)
        self.implied += [(task.key, key) for key in earlier]
        what = "nothing, as it is the first of its phase"
        if earlier:
            what = "all earlier tasks of its phase"
        message = f"This names no tasks; the task was assumed to wait for {what}."
        self._resolver.note("warning", "VAGUE_DEPENDENCY", message, value, task.key)

    def _block(self, task: Task, value: Value) -> None:
        """`Blocks: Task 1.3`, `Enables: Phase 2`, `All other Phase 1 tasks depend on this`."""
        asked, resolver = wanted(value.text), self._resolver
        found: list[str] = []
        for reference in asked.tasks:
            found += resolver.tasks(reference, task.phase, value)
        for phase in asked.phases:
            if phase != task.phase:
                members = resolver.members.get(phase, [])
                found += members if resolver.spend(len(members), value) else []
            elif _SELF_REFERENCE.search(value.text):
                found += resolver.later(phase, task.key, value)
        self.weak += [(key, task.key) for key in dict.fromkeys(found) if key != task.key]

    def _phase(self, phase: Phase) -> None:
        own_file = phase.folder.tasks if phase.folder else phase.facts.file
        for value in phase.facts.depends:
            asked = wanted(value.text)
            named = asked.phases + self._resolver.phases_before(asked, phase.key, value)
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
            keys = [key for r in asked.tasks for key in self._resolver.tasks(r, phase, value)]
            named = [p for p in asked.phases if p in self._phases]
            if self._resolver.spend(len(keys) * len(before_tasks), value):
                self.weak += [
                    (key, other) for key in keys for other in before_tasks if key != other
                ]
            if not keys and not before_tasks:
                self.phase_weak += [
                    (p, other) for p in named for other in before_phases if p != other
                ]
            before_tasks, before_phases = keys, [] if keys else named


def _with_brackets_apart(line: str) -> list[str]:
    """The line without what stands in brackets, and each bracket that holds a chain of its own."""
    inner = [part for part in re.findall(r"\(([^()]*)\)", line) if _ARROW.search(part)]
    return [plain(line), *inner]
