"""Folders of single tasks, and of their subtasks: `phase1/task2/`, `phase1/task2/subtasks/subtask1/`.

A folder's pages fill the task that they speak of. Where a phase has no tasks.md the folders are its
tasks. A subtask's folder is always a task of its own, and its parent becomes a container.
"""

from callsheet.plan.claudio import mirrors
from callsheet.plan.claudio.facts import Facts
from callsheet.plan.claudio.gathered import Gathered, Phase, Task, task_key
from callsheet.plan.claudio.layout import PhaseFolder, TaskFolder
from callsheet.plan.claudio.texts import Texts

MAX_COMPARED = 500
"""Titles that a folder without a number is compared with; comparing costs a tenth of a millisecond."""

_Pages = list[tuple[str, Facts]]


class TaskFolders:
    """Reads the task folders of phases whose tasks.md has been read."""

    def __init__(self, gathered: Gathered, texts: Texts) -> None:
        self._gathered = gathered
        self._texts = texts

    def read(self, phase: Phase, folder: PhaseFolder) -> None:
        """Take over what the phase's task folders say, and their subtasks."""
        defined = bool(phase.tasks)
        owners = _Owners(phase)
        children: dict[str, list[Task]] = {}
        for task_folder in folder.folders.values():
            pages = self._pages(task_folder)
            if defined:
                task = self._matched(owners, task_folder, pages)
            else:
                task = self._new(phase, task_folder, pages)
            if task is None:
                self._foreign(task_folder, pages)
            elif task_folder.subtasks:
                children[task.key] = self._subtasks(phase, task, task_folder)
        phase.tasks = _with_children(phase.tasks, children)

    def _pages(self, folder: TaskFolder) -> _Pages:
        paths = [path for path in (folder.claude, folder.status) if path]
        return [(path, mirrors.page(self._texts.outline(path), path)) for path in paths]

    def _new(self, phase: Phase, folder: TaskFolder, pages: _Pages) -> Task:
        """The task that a folder is, when there is no tasks.md."""
        facts = pages[0][1] if pages else Facts("", folder.path, 1)
        facts.number = facts.number or folder.number
        task = self._gathered.new_task(phase, facts)
        self._take(task, folder, pages)
        phase.tasks.append(task)
        return task

    def _matched(self, owners: "_Owners", folder: TaskFolder, pages: _Pages) -> Task | None:
        """The task that the pages speak of, filled from those that do."""
        matched = None
        for path, said in pages or [("", Facts("", folder.path, 1))]:
            task = owners.of(folder, said)
            if task is not None:
                matched = task
                self._take(task, folder, [(path, said)])
        return matched

    def _foreign(self, folder: TaskFolder, pages: _Pages) -> None:
        path, title = (pages[0][0], pages[0][1].title) if pages else (folder.path, None)
        message = "No task of tasks.md has this folder's number and title; it was left out"
        message += f" with its subtasks ({len(folder.subtasks)})." if folder.subtasks else "."
        self._gathered.notes.add("info", "FOREIGN_FOLDER", message, path, 1, title)

    def _subtasks(self, phase: Phase, parent: Task, folder: TaskFolder) -> list[Task]:
        """The children that are new; a folder may also speak of one that tasks.md has."""
        known = {task.key: task for task in phase.tasks if task.parent == parent.key}
        new = []
        for below in folder.subtasks.values():
            pages = self._pages(below)
            facts = pages[0][1]
            number = (facts.number or below.number or "").rsplit(".", 1)[-1]
            facts.number = f"{parent.key}.{number}" if number else None
            task = known.get(facts.number or "")
            if task is None:
                task = self._gathered.new_task(phase, facts, parent)
                new.append(task)
            self._take(task, below, pages)
        return new

    def _take(self, task: Task, folder: TaskFolder, pages: _Pages) -> None:
        """Fill the task; the executor reads the pages themselves, so their text is not copied."""
        if folder not in task.folders:
            task.folders.append(folder)
        for path, said in pages:
            if path == folder.status and said.state:
                self._own_state(task, said, path)
            said.bodies, said.paths = [], said.paths if path == folder.status else {}
            if task.facts is not said:
                mirrors.fill(task.facts, said)

    def _own_state(self, task: Task, said: Facts, path: str) -> None:
        if task.page_state is None:
            task.page_state = said.state
        other = task.facts.state if task.facts is not said else None
        if other and other != said.state:
            message = (
                f"This page says {said.state}, {task.facts.file} says {other}; "
                "the task's own page counts."
            )
            self._gathered.notes.add(
                "info", "STATUS_CONFLICT", message, path, said.line, task=task.key
            )


class _Owners:
    """Finds the task that a folder's page speaks of: by Directory field, number or title."""

    def __init__(self, phase: Phase) -> None:
        self._phase = phase.key
        self._few = phase.tasks[:MAX_COMPARED]
        self._by_folder = {t.facts.folder: t for t in reversed(phase.tasks) if t.facts.folder}
        self._by_key: dict[str, list[Task]] = {}
        for task in phase.tasks:
            self._by_key.setdefault(task.key, []).append(task)

    def of(self, folder: TaskFolder, said: Facts) -> Task | None:
        if folder.name in self._by_folder:
            return self._by_folder[folder.name]
        number = said.number or folder.number
        if number is None:
            return self._alike(self._few, said.title)
        named = self._by_key.get(task_key(number, self._phase), [])[:MAX_COMPARED]
        return named[0] if named and not said.title else self._alike(named, said.title)

    def _alike(self, tasks: list[Task], title: str) -> Task | None:
        return next((task for task in tasks if mirrors.agree(task.facts.title, title)), None)


def _with_children(tasks: list[Task], children: dict[str, list[Task]]) -> list[Task]:
    """Puts children behind their parent and those it has already."""
    last = {task.key: task for task in tasks}
    last.update({task.parent: task for task in tasks if task.parent})
    ordered: list[Task] = []
    for task in tasks:
        ordered.append(task)
        for key in (task.key, task.parent):
            if key in children and last[key] is task:
                ordered += children.pop(key)
    return ordered
