"""The plan format of the Claudio workflow: a `.claudio` folder with phases and tasks in Markdown.

A plan is the folder that holds the phases, `.claudio` or `.claudio/phases`; a tree may hold both.
Its own tasks.md files say what there is to do; other pages fill gaps and never contradict them.
What is assumed or not understood becomes a diagnostic with file and line.
"""

from collections.abc import Iterable

from callsheet.plan.claudio.drafts import drafts
from callsheet.plan.claudio.edges import Edges
from callsheet.plan.claudio.gather import gather
from callsheet.plan.claudio.layout import Tree, plan_folders, tree, wants
from callsheet.plan.collector import paused
from callsheet.plan.draft import PlanDraft
from callsheet.plan.formats import Found, ParseOptions
from callsheet.plan.sources import SourceFiles, digest

FORMAT = "claudio"

__all__ = ["FORMAT", "find", "parse", "wants"]


def find(paths: Iterable[str]) -> list[Found]:
    """The plans in the project's own `.claudio` folder."""
    return [Found(FORMAT, folder, why) for folder, why in plan_folders(list(paths))]


@paused()
def parse(files: SourceFiles, plan_path: str, options: ParseOptions) -> PlanDraft:
    """Read the plan in the folder `plan_path`. Never fails: what is wrong is a diagnostic."""
    root = plan_path.strip("/").removesuffix("/tasks.md")
    found = tree(files, root)
    gathered = gather(files, found)
    phases, tasks = drafts(gathered, Edges(gathered), options.phases_in_order, found.standards)
    if not tasks:
        gathered.notes.add("warning", "NO_TASKS", _NO_TASKS, _where(found, root), None)
    return PlanDraft(
        name=options.name or _name(root),
        format=FORMAT,
        source=root,
        title=gathered.title,
        phases=tuple(phases),
        tasks=tuple(tasks),
        diagnostics=gathered.notes.all(),
        digest=digest(files, found.paths()),
    )


_NO_TASKS = (
    "No tasks were found: callsheet reads headings such as `## Task 1.1: Title` in "
    "phase*/tasks.md or plan.md, and tables with a task id column. Run the task step first."
)


def _where(found: Tree, root: str) -> str:
    return found.plans[0] if found.plans else root


def _name(root: str) -> str:
    last = root.rsplit("/", 1)[-1].lstrip(".")
    return "main" if last == "claudio" else last or "main"
