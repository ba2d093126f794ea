"""Which files of a `.claudio` tree belong to which phase and task.

Only paths are looked at. A plan is a folder that has phase folders (`.claudio`, `.claudio/phases`)
or, when it has none, plan files.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_PHASE = re.compile(
    r"phase[-_ ]?(\d{1,6}(?:\.\d{1,6})?)(?:[-_ ].*)?\Z|phase[-_ ]([\w-]+)\Z", re.IGNORECASE
)
_TASK = re.compile(r"task[-_ ]?(\d{1,6}(?:[._]\d{1,6})*)(?:[-_ ].*)?\Z", re.IGNORECASE)
_PLAN_FILE = re.compile(r"(?:docs/|reports/)?(?:[\w-]*[-_])?plan\.md\Z|tasks\.md\Z", re.IGNORECASE)
_STATUS_PAGES = ("status.md", "project_status.md", "project-status.md")
_PHASE_STATUS = ("phase_status.md", "phase-status.md")
_TASK_PAGES = ("claude.md", "status.md", "task.md")
_IN_PHASE = frozenset({"tasks.md", *_TASK_PAGES, *_PHASE_STATUS})


@dataclass(slots=True)
class TaskFolder:
    """A folder below a phase with a claude.md or status.md. `number` as its name says, if so."""

    path: str
    number: str | None
    claude: str | None = None
    status: str | None = None
    subtasks: dict[str, "TaskFolder"] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.path.rsplit("/", 1)[-1]

    def paths(self) -> list[str]:
        """The folder's pages and those of its subtasks."""
        own = [path for path in (self.claude, self.status) if path]
        return own + [path for below in self.subtasks.values() for path in below.paths()]


@dataclass(slots=True)
class PhaseFolder:
    """A `phaseN` folder and the files in it that matter; `unplaced` are pages of no known place."""

    key: str
    path: str
    tasks: str | None = None
    claude: str | None = None
    status: str | None = None
    folders: dict[str, TaskFolder] = field(default_factory=dict)
    unplaced: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Tree:
    """One plan's files: phases in order, plan files, dashboards, shared standards."""

    phases: list[PhaseFolder]
    plans: list[str]
    dashboards: list[str]
    standards: list[str]

    def paths(self) -> list[str]:
        """Every file that says something about the plan."""
        found = [*self.plans, *self.dashboards]
        for phase in self.phases:
            found += [path for path in (phase.tasks, phase.claude, phase.status) if path]
            for folder in phase.folders.values():
                found += folder.paths()
        return found

    @property
    def unplaced(self) -> list[str]:
        """Pages in phase folders that belong to no task or subtask folder."""
        return [path for phase in self.phases for path in phase.unplaced]


def wants(path: str) -> bool:
    """Whether a file of the project may matter to this format."""
    parts = path.split("/")
    if ".claudio" not in parts or not path.lower().endswith(".md"):
        return False
    name = parts[-1].lower()
    inside = "/".join(parts[parts.index(".claudio") + 1 :])
    return name in _IN_PHASE or name in _STATUS_PAGES or _PLAN_FILE.match(inside) is not None


def plan_folders(paths: Iterable[str]) -> list[tuple[str, str]]:
    """(folder, why) of the plans in the project's own `.claudio`."""
    own = [path for path in paths if path.startswith(".claudio/") and wants(path)]
    phased = {".claudio": 0, ".claudio/phases": 0}
    for path in own:
        parts = path.split("/")
        for folder in phased:
            depth = folder.count("/") + 1
            if (
                path.startswith(f"{folder}/")
                and len(parts) > depth + 1
                and _PHASE.match(parts[depth])
            ):
                phased[folder] += parts[-1].lower() == "tasks.md" or len(parts) > depth + 2
    found = [(folder, "phase folders with tasks") for folder, count in phased.items() if count]
    if not found:
        plans = [path for path in own if _PLAN_FILE.match(path.removeprefix(".claudio/"))]
        found = [(".claudio", f"a plan file ({min(plans)})")] if plans else []
    return found


def tree(paths: Iterable[str], plan_path: str) -> Tree:
    """The files of the plan in `plan_path`, a folder; its `phases/` serve when it has no others."""
    root = plan_path.strip("/")
    below = sorted(
        path for path in paths if path.startswith(f"{root}/") and path.lower().endswith(".md")
    )
    phases = _phases(below, root) or _phases(below, f"{root}/phases")
    plans = [path for path in below if _PLAN_FILE.match(path[len(root) + 1 :])]
    outer = root.rsplit("/", 1)[0] if root.endswith("/phases") else None
    if outer and not _phases(paths, outer):
        plans += sorted(
            p for p in paths if p.startswith(f"{outer}/") and _PLAN_FILE.match(p[len(outer) + 1 :])
        )
    pages = [path for path in below if path[len(root) + 1 :].lower() in _STATUS_PAGES]
    shared = re.compile(rf"{re.escape(root)}/(?:phases/)?shared/standards/.*\.md\Z")
    return Tree(phases, plans, pages, [path for path in below if shared.match(path)])


def _phases(paths: Iterable[str], root: str) -> list[PhaseFolder]:
    found: dict[str, PhaseFolder] = {}
    for path in paths:
        if not path.startswith(f"{root}/"):
            continue
        name, *rest = path[len(root) + 1 :].split("/")
        match = _PHASE.match(name)
        if match and rest:
            key = (match[1] or match[2]).lstrip("0") or "0"
            folder = found.setdefault(name, PhaseFolder(key, f"{root}/{name}"))
            _place(folder, path, rest)
    kept = [folder for folder in found.values() if folder.tasks or folder.claude or folder.folders]
    for folder in kept:
        folder.folders = _in_order(folder.folders)
        for below in folder.folders.values():
            below.subtasks = _in_order(below.subtasks)
    return sorted(kept, key=_phase_order)


def _in_order(folders: dict[str, TaskFolder]) -> dict[str, TaskFolder]:
    """task2 before task10, those without a number last."""

    def place(item: tuple[str, TaskFolder]) -> tuple[bool, list[int], str]:
        number = item[1].number
        return number is None, [int(part) for part in (number or "0").split(".")], item[0]

    return dict(sorted(folders.items(), key=place))


def _phase_order(folder: PhaseFolder) -> tuple[bool, list[int], str]:
    named = not folder.key[:1].isdigit()
    return named, [] if named else [int(part) for part in folder.key.split(".")], folder.path


def _place(phase: PhaseFolder, path: str, rest: list[str]) -> None:
    name = rest[-1].lower()
    if len(rest) == 1:
        if name == "tasks.md":
            phase.tasks = path
        elif name == "claude.md":
            phase.claude = path
        elif name in _PHASE_STATUS or (name == "status.md" and phase.status is None):
            phase.status = path
    elif name in _TASK_PAGES and _is_task_folder(rest[:-1]):
        folder = _folder(phase.folders, f"{phase.path}/{rest[0]}")
        if len(rest) > 2:
            folder = _folder(folder.subtasks, path.rsplit("/", 1)[0], subtask=True)
        if name == "status.md":
            folder.status = path
        else:
            folder.claude = path
    elif name in _IN_PHASE:
        phase.unplaced.append(path)


def _is_task_folder(parts: list[str]) -> bool:
    """`task1`, `task1/subtasks/subtask2`, `task1/subtask2`; a task folder may have any name."""
    below = parts[1:]
    if below[:1] and below[0].lower() == "subtasks" and len(below) == 2:
        return True
    return not below or (len(below) == 1 and below[0].lower().startswith("subtask"))


def _folder(folders: dict[str, TaskFolder], path: str, subtask: bool = False) -> TaskFolder:
    name = path.rsplit("/", 1)[-1]
    if name not in folders:
        number = _TASK.match(name[3:] if subtask else name)
        folders[name] = TaskFolder(path, number[1].replace("_", ".") if number else None)
    return folders[name]
