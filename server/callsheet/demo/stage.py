"""The folder in which a demonstration plays: temporary, kept afterwards, never the user's own."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from callsheet.demo.script import LANTERN_BOOKS, Script
from callsheet.files.reading import collect, walk
from callsheet.files.root import find_root
from callsheet.model.errors import CallsheetError
from callsheet.plan.detect import detect, wanted_by_any
from callsheet.plan.formats import FORMATS, plan_format
from callsheet.sources import SourceReader

BUNDLED = Path(__file__).parent / "project"
QUICK_RETRIES = "retry_base_seconds = 0.5  # a demonstration doesn't wait ten seconds for a retry\n"


@dataclass(frozen=True, slots=True)
class UsersPlan:
    """A plan of the user's: the project's folder, and the plan's path and format in it.

    `requires` are all capabilities that its open tasks ask for.
    """

    project: Path
    source: str
    format: str
    requires: set[str]
    others: tuple[str, ...] = ()
    """Further plans of the project, which are not played."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A prepared project. `source` and `format` name the plan to load; None leaves it to callsheet."""

    root: Path
    script: Script
    parallel: int
    source: str | None = None
    format: str | None = None
    note: str = ""

    @property
    def status_page(self) -> Path:
        return self.root / ".claudio" / "status.md"


def bundled(root: Path, parallel: int) -> Stage:
    """The bundled example project, copied to the empty folder `root`."""
    shutil.copytree(BUNDLED, root, dirs_exist_ok=True)
    (root / "callsheet.toml").write_text(QUICK_RETRIES, encoding="utf-8")
    return Stage(root, LANTERN_BOOKS, parallel)


def find(path: Path, home: Path | None) -> UsersPlan:
    """The plan at `path`: a project, a plan's folder or file in one. Only reads.

    Of several plans in a project the first one is taken. Errors: BAD_ARGUMENT when there is no
    such path; UNKNOWN_PLAN when there is no plan, or nothing left to do in it; those of reading.
    """
    path = path.resolve()
    if not path.exists():
        raise CallsheetError("BAD_ARGUMENT", f"{path} is not there.", "Name a project's folder.")
    near = path if path.is_dir() else path.parent
    project = find_root(None, cwd=near, environ={}, home=home)
    here = path.relative_to(project).as_posix() if path.is_relative_to(project) else "."
    found = [
        plan
        for plan in detect(walk(project, wanted_by_any).files)
        if here == "." or _near(plan.path, here)
    ]
    if not found:
        raise _nothing(f"no plan was found in {path}", f"Known formats: {', '.join(FORMATS)}.")
    plan = found[0]
    draft = SourceReader(project, phases_in_order=True).read_now(plan.path, plan.format, None)
    tasks = [task for task in draft.tasks if not task.container]
    left = [task for task in tasks if task.state not in ("done", "skipped")]
    if not left:
        why = (
            f"all {len(tasks)} tasks of {plan.path} are done"
            if tasks
            else f"{plan.path} has no tasks"
        )
        raise _nothing(why, "Name a project with open tasks.")
    return UsersPlan(
        project,
        source=plan.path,
        format=plan.format,
        requires={name for task in left for name in task.requires},
        others=tuple(other.path for other in found[1:]),
    )


def _nothing(why: str, next: str) -> CallsheetError:
    return CallsheetError("UNKNOWN_PLAN", f"There is nothing to drain: {why}.", next)


def copied(root: Path, plan: UsersPlan, parallel: int) -> Stage:
    """The files of the user's plan, copied to the empty folder `root`."""
    root.mkdir(exist_ok=True)
    files = collect(plan.project, plan_format(plan.format).wants).files
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    (root / "callsheet.toml").write_text(QUICK_RETRIES, encoding="utf-8")
    script = Script(capabilities=tuple(sorted(plan.requires)))
    note = f"The plan is {plan.source}."
    if plan.others:
        note += f" There is also {', '.join(plan.others[:5])}: name it with --plan."
    return Stage(root, script, parallel, plan.source, plan.format, note)


def _near(plan: str, named: str) -> bool:
    """Whether the user named the plan itself, something in it, or a folder around it."""
    return f"{plan}/".startswith(f"{named}/") or named.startswith(f"{plan}/")
