"""Small helpers for the plan tests: trees from short texts, and what came out of them."""

from textwrap import dedent

from callsheet.plan.check import resolve
from callsheet.plan.draft import PlanDraft, TaskDraft
from callsheet.plan.formats import ParseOptions, plan_format


def claudio(
    files: dict[str, str], plan: str = ".claudio", phases_in_order: bool = True
) -> PlanDraft:
    """The settled plan of a `.claudio` tree; paths are relative to the plan's folder."""
    texts = {f"{plan}/{path}": dedent(text).strip("\n") for path, text in files.items()}
    options = ParseOptions(phases_in_order=phases_in_order)
    return resolve(plan_format("claudio").parse(texts, plan, options))


def tasks(draft: PlanDraft) -> dict[str, TaskDraft]:
    """The tasks by key."""
    return {task.key: task for task in draft.tasks}


def needs(draft: PlanDraft) -> dict[str, set[str]]:
    """Key → stated dependencies, for the tasks that have some."""
    return {task.key: set(task.depends_on) for task in draft.tasks if task.depends_on}


def codes(draft: PlanDraft) -> list[str]:
    """The codes of the diagnostics, in order."""
    return [found.code for found in draft.diagnostics]
