"""The three status pages: a project's, a phase's, a task's.

Each function turns values into the Markdown that goes between callsheet's markers. The pages are
compact, read well on a code host and in a terminal, and are bounded: lists are cut and say how
much is missing. When long or hostile texts still make a page too large, it is made again with
shorter lists.
"""

from collections.abc import Callable

from callsheet.model.pages import PhaseStatus, ProjectStatus, TaskStatus
from callsheet.views.phase import phase_lines
from callsheet.views.project import project_lines
from callsheet.views.task import task_lines

MAX_PAGE_BYTES = 60_000


def project_page(status: ProjectStatus) -> str:
    """The body of a plan's status page. At most 60 kB, whatever the plan's size."""
    return _fitting(lambda cut: project_lines(status, cut))


def phase_page(status: PhaseStatus) -> str:
    """The body of a phase's status page: totals, milestone, at most 200 of its tasks."""
    return _fitting(lambda cut: phase_lines(status, cut))


def task_page(status: TaskStatus) -> str:
    """The body of a task's status page: where it stands and what was done about it so far."""
    return _fitting(lambda cut: task_lines(status, cut))


def _fitting(lines: Callable[[int], list[str]]) -> str:
    """The page with its lists cut to the whole, a half, … until it is small enough."""
    page = ""
    for cut in (1, 2, 4, 10):
        page = "\n".join(lines(cut)) + "\n"
        if len(page.encode()) <= MAX_PAGE_BYTES:
            break
    return page
