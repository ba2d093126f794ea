"""Phases and tasks of a tree, from all its files, before references are resolved.

tasks.md says which tasks there are. Where a phase has none, its claude.md, its task folders or the
plan file do. Everything else only fills gaps (see `mirrors`).
"""

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

from callsheet.plan.claudio import mirrors, phases
from callsheet.plan.claudio.facts import Facts
from callsheet.plan.claudio.layout import PhaseFolder, TaskFolder, Tree
from callsheet.plan.claudio.phases import PhaseFacts
from callsheet.plan.claudio.sections import Section, rows, sections
from callsheet.plan.draft import Diagnostic, Severity, SourceState
from callsheet.plan.outline import MAX_SYNTAX_CHARS, Outline, scan
from callsheet.plan.sources import SourceFiles, without_own_blocks

_HIDDEN_TASK = re.compile(r"#{2,5}[ \t]+Task[ \t]+\d")
MAX_COMPARED = 500
"""Titles that a folder without a number is compared with; comparing costs a tenth of a millisecond."""
MAX_ALIKE = 1_000
"""Diagnostics of one kind that are listed; a plan with more has one cause, not a thousand."""


@dataclass(slots=True)
class Task:
    """A task with all that was said about it. `own_file` is where it is defined."""

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


class Gatherer:
    """Reads a tree file by file. `diagnostics` collects what was not understood."""

    def __init__(self, files: SourceFiles) -> None:
        self._files = files
        self.diagnostics: list[Diagnostic] = []
        self.phases: dict[str, Phase] = {}
        self.loose: list[Task] = []
        self.arrows: list[tuple[str | None, str, Outline]] = []
        self.title = ""
        self._counts: Counter[str] = Counter()

    def read(self, tree: Tree) -> None:
        """Fill `phases` (in order) and `loose` (tasks of a plan file outside any phase)."""
        for folder in tree.phases:
            self._read_tasks(folder)
        for path in tree.plans:
            self._read_plan(path)
        for folder in tree.phases:
            self._read_pages(folder)
        for path in tree.dashboards:
            for key, state in phases.dashboard_states(self.outline(path)).items():
                if key in self.phases and self.phases[key].facts.state is None:
                    self.phases[key].facts.state = state

    def note(
        self, severity: Severity, code: str, message: str, file: str | None, line: int | None,
        text: str | None = None, task: str | None = None, candidates: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """Add a diagnostic; `text` quotes the source, cut at 300 characters.

        After `MAX_ALIKE` with one code the rest are only counted, see `close`.
        """
        self._counts[code] += 1
        if self._counts[code] > MAX_ALIKE:
            return
        quote = text[:300] if text else None
        self.diagnostics.append(
            Diagnostic(severity, code, message, file, line, quote, task, candidates)
        )

    def close(self) -> None:
        """Say how many diagnostics were left out, once all files are read."""
        for code, count in self._counts.items():
            if count > MAX_ALIKE:
                message = f"{count - MAX_ALIKE} more diagnostics of the kind {code} are not listed."
                self.diagnostics.append(Diagnostic("warning", "MORE", message))

    def outline(self, path: str) -> Outline:
        """The scanned file; a fence that never ends is read as text and reported."""
        outline = scan(without_own_blocks(self._files[path]))
        for line in outline.unclosed:
            message = "This fence or comment never ends; what follows it was read as plan text."
            self.note("warning", "UNCLOSED_FENCE", message, path, line + 1, outline.lines[line])
        for line, text in enumerate(outline.lines):
            if len(text) > MAX_SYNTAX_CHARS and not outline.hidden[line]:
                message = f"This line has {len(text)} characters; it was read as text only."
                self.note("warning", "LONG_LINE", message, path, line + 1, text)
        return outline

    def _read_tasks(self, folder: PhaseFolder) -> None:
        phase = self.phases.get(folder.key)
        if phase is not None:
            message = f"Phase {folder.key} has more than one folder; {folder.path} adds to it."
            self.note("warning", "DUPLICATE_PHASE", message, folder.path, 1)
        else:
            phase = self.phases.setdefault(folder.key, Phase(folder.key, folder))
        if folder.tasks is None:
            return
        outline = self.outline(folder.tasks)
        self._hidden_tasks(outline, folder.tasks)
        found = sections(outline, folder.tasks, folder.key)
        phase.facts.title = phases.phase_title(outline)
        phase.facts.file, phase.facts.line = folder.tasks, 1
        phases.read_phase(phase.facts, outline, folder.tasks, _outside(found, len(outline.lines)))
        self._add_tasks(phase, outline, folder.tasks, found)
        self.arrows.append((folder.key, folder.tasks, outline))

    def _hidden_tasks(self, outline: Outline, path: str) -> None:
        for line, hidden in enumerate(outline.hidden):
            if hidden and _HIDDEN_TASK.match(outline.lines[line]):
                message = (
                    "This looks like a task heading but stands inside a fence; it was not read."
                )
                self.note("info", "TASK_IN_FENCE", message, path, line + 1, outline.lines[line])

    def _add_tasks(self, phase: Phase, outline: Outline, path: str, found: list[Section]) -> None:
        tasks = [self._task(phase.key, section.facts) for section in found]
        _set_parents(tasks, found)
        known = {task.key: task for task in tasks}
        ordered: dict[str, Task] = {}
        for start, end in _outside(found, len(outline.lines)):
            for facts in rows(outline, path, start, end):
                key = task_key(facts.number or "", phase.key)
                if key in known:
                    own = known[key].facts
                    own.state = own.state or facts.state
                    facts.body = ""
                    mirrors.fill(own, facts)
                elif key not in ordered:
                    ordered[key] = Task(key, phase.key, facts, from_row=True)
        phase.tasks += tasks
        if ordered:
            phase.tasks += ordered.values()
            phase.tasks.sort(key=lambda task: natural(task.key))

    def _task(self, phase: str | None, facts: Facts) -> Task:
        if facts.number is None:
            taken = len(self.phases[phase].tasks) if phase in self.phases else len(self.loose)
            facts.number = str(taken + 1)
        for value in facts.unknown:
            message = "This value is not one that callsheet knows; it was left out."
            self.note(
                "info", "UNKNOWN_VALUE", message, value.file, value.line, value.text, facts.number
            )
        return Task(task_key(facts.number, phase), phase, facts)

    def _read_plan(self, path: str) -> None:
        outline = self.outline(path)
        if not self.title and outline.headings:
            self.title = outline.headings[0].text
        found = sections(outline, path)
        starts = [section.start for section in found]
        claimed: set[int] = set()
        new = {key for key, *_ in mirrors.phase_headings(outline)} - set(self.phases)
        for key, title, start, end in mirrors.phase_headings(outline):
            inside = found[bisect_left(starts, start) : bisect_left(starts, end)]
            claimed.update(section.start for section in inside)
            if key in self.phases:
                self._mirror_plan(
                    self.phases[key], title, outline, path, (start, end), inside, key in new
                )
            elif inside:
                self._new_phase(key, title, outline, path, (start, end), inside)
        for section in found:
            if section.start not in claimed:
                self._loose(section)
        self.arrows.append((None, path, outline))

    def _mirror_plan(
        self, phase: Phase, title: str, outline: Outline, path: str,
        span: tuple[int, int], inside: list[Section], same_file: bool,
    ) -> None:  # fmt: skip
        if not phase.tasks and inside:
            phase.tasks += [self._task(phase.key, section.facts) for section in inside]
        elif not same_file:
            self._match(phase, [section.facts for section in inside])
        phase.facts.title = phase.facts.title or phases.trimmed(title)
        spans = [(max(a, span[0] + 1), min(b, span[1])) for a, b in _outside(inside, span[1])]
        phases.read_phase(phase.facts, outline, path, [(a, b) for a, b in spans if a < b])

    def _new_phase(
        self, key: str, title: str, outline: Outline, path: str,
        span: tuple[int, int], inside: list[Section],
    ) -> None:  # fmt: skip
        phase = self.phases.setdefault(key, Phase(key, None))
        phase.facts.title = phases.trimmed(title)
        phase.facts.file, phase.facts.line = path, span[0] + 1
        self._mirror_plan(phase, title, outline, path, span, inside, True)
        _set_parents(phase.tasks, inside)

    def _loose(self, section: Section) -> None:
        """A task outside every phase section: its number may name a phase that we know."""
        number = section.facts.number or ""
        phase = self.phases.get(number.split(".")[0]) if "." in number else None
        if phase is not None:
            self._match(phase, [section.facts])
        elif not any(phase.folder and phase.folder.tasks for phase in self.phases.values()):
            self.loose.append(self._task(None, section.facts))

    def _match(self, phase: Phase, said: list[Facts], items: bool = False) -> int:
        """Fill the phase's tasks from what another page says; returns how many titles agreed."""
        by_key: dict[str, list[Task]] = {}
        for task in phase.tasks:
            by_key.setdefault(task.key, []).append(task)
        agreed = 0
        for facts in said:
            for task in by_key.get(task_key(facts.number or "", phase.key), []):
                if mirrors.agree(task.facts.title, facts.title) or (
                    items and mirrors.state_only(facts)
                ):
                    agreed += 1
                    if task.from_row and facts.body and "·" not in facts.body:
                        task.facts.body = facts.body
                    elif items:
                        facts.body = ""
                    mirrors.fill(task.facts, facts)
                    task.item_state = task.item_state or facts.state
                    break
        return agreed

    def _read_pages(self, folder: PhaseFolder) -> None:
        phase = self.phases[folder.key]
        self._read_folders(phase, folder)
        for path in (folder.claude, folder.status):
            if path is None:
                continue
            outline = self.outline(path)
            found = sections(outline, path, folder.key)
            said = mirrors.phase_page(outline, path, folder.key)
            if not phase.tasks and found:
                phase.tasks += [self._task(phase.key, section.facts) for section in found]
            elif said and not self._match(phase, said, items=True) and path == folder.claude:
                phase.foreign = True
                message = "None of the tasks named here is in tasks.md; the page was left out."
                self.note("info", "FOREIGN_PAGE", message, path, said[0].line, said[0].title)
            phase.facts.title = phase.facts.title or phases.phase_title(outline)
            phases.read_phase(phase.facts, outline, path, _outside(found, len(outline.lines)))
            self.arrows.append((folder.key, path, outline))

    def _read_folders(self, phase: Phase, folder: PhaseFolder) -> None:
        defined = bool(phase.tasks)
        for task_folder in folder.folders.values():
            pages = [
                (p, mirrors.page(self.outline(p), p))
                for p in (task_folder.claude, task_folder.status)
                if p
            ]
            if not defined:
                self._task_from_folder(phase, task_folder, pages)
                continue
            matched = False
            for path, said in pages:
                task = _owner(phase, task_folder, said)
                if task is not None:
                    matched = True
                    self._take_page(task, task_folder, path, said)
            if not matched and pages:
                message = "No task of tasks.md has this folder's number and title; it was left out."
                self.note("info", "FOREIGN_FOLDER", message, pages[0][0], 1, pages[0][1].title)

    def _task_from_folder(
        self, phase: Phase, folder: TaskFolder, pages: list[tuple[str, Facts]]
    ) -> None:
        facts = pages[0][1]
        facts.number = facts.number or folder.number or str(len(phase.tasks) + 1)
        task = self._task(phase.key, facts)
        for path, said in pages:
            self._take_page(task, folder, path, said)
        phase.tasks.append(task)

    def _take_page(self, task: Task, folder: TaskFolder, path: str, said: Facts) -> None:
        if folder not in task.folders:
            task.folders.append(folder)
        if path == folder.status and said.state:
            self._own_state(task, said, path)
        said.body, said.paths = "", said.paths if path == folder.status else []
        if task.facts is not said:
            mirrors.fill(task.facts, said)

    def _own_state(self, task: Task, said: Facts, path: str) -> None:
        if task.page_state is None:
            task.page_state = said.state
        other = task.facts.state if task.facts is not said else None
        if other and other != said.state:
            message = f"This page says {said.state}, {task.facts.file} says {other}; the task's own page counts."
            self.note("info", "STATUS_CONFLICT", message, path, said.line, task=task.key)


def task_key(number: str, phase: str | None) -> str:
    """`3` in phase 2 is `2.3`; a number with a dot is a key already."""
    return number if "." in number or phase is None else f"{phase}.{number}"


def natural(key: str) -> list[tuple[int, str]]:
    """Sorts 1.10 after 1.9."""
    return [(int(part), "") if part.isdigit() else (10**9, part) for part in key.split(".")]


def _outside(found: list[Section], end: int) -> list[tuple[int, int]]:
    """The line spans that belong to no task."""
    spans, at = [], 0
    for section in found:
        if section.start > at:
            spans.append((at, section.start))
        at = max(at, section.end)
    if at < end:
        spans.append((at, end))
    return spans


def _set_parents(tasks: list[Task], found: list[Section]) -> None:
    """A task whose section lies in another's, or whose number continues it, is its child."""
    known = {task.key for task in tasks}
    open_sections: list[tuple[Section, Task]] = []
    for task, section in zip(tasks, found, strict=False):
        while open_sections and open_sections[-1][0].end <= section.start:
            open_sections.pop()
        prefix = task.key.rsplit(".", 1)[0]
        if open_sections and open_sections[-1][1].key != task.key:
            task.parent = open_sections[-1][1].key
        elif prefix.count(".") and prefix in known:
            task.parent = prefix
        open_sections.append((section, task))


def _owner(phase: Phase, folder: TaskFolder, said: Facts) -> Task | None:
    """The task that a folder's page speaks of: by its Directory field, its number or its title."""
    number = said.number or folder.number
    key = task_key(number, phase.key) if number else None
    for task in phase.tasks:
        if task.facts.folder == folder.name or (key == task.key and not said.title):
            return task
    if key is not None:
        named = [task for task in phase.tasks if task.key == key]
        return next((t for t in named if mirrors.agree(t.facts.title, said.title)), None)
    few = phase.tasks[:MAX_COMPARED]
    return next((task for task in few if mirrors.agree(task.facts.title, said.title)), None)
