"""The page of one phase: its totals, its milestone, and its tasks in plan order."""

from collections.abc import Sequence

from callsheet.model.pages import PhaseStatus, PhaseTaskLine
from callsheet.views.markdown import code, escape
from callsheet.views.parts import counts, duration, moment, percent, progress, section, table
from callsheet.views.project import TITLE_CHARS, effort_lines, milestone_text

TASK_ROWS = 200


def phase_lines(status: PhaseStatus, cut: int = 1) -> list[str]:
    """The page as lines, with a table of at most 200 tasks divided by `cut`."""
    milestone = status.milestone
    return [
        f"**{code(status.key)} {escape(status.title, TITLE_CHARS)}**",
        "",
        progress(status.tally),
        "",
        f"{counts(status.tally)} · as of {moment(status.at_ms)}",
        *effort_lines(status.effort),
        *(["", f"Milestone {milestone_text(milestone)}"] if milestone else []),
        *section("Tasks", status.tasks, status.tasks_total, TASK_ROWS // cut, _tasks),
    ]


def _tasks(tasks: Sequence[PhaseTaskLine]) -> list[str]:
    heads = ("Task", "Title", "State", "Agent", "Time:", "Estimate:")
    return table(heads, [_task(task) for task in tasks])


def _task(task: PhaseTaskLine) -> tuple[str, ...]:
    state = escape(task.state, 20)
    if task.percent is not None:
        state += f" {percent(task.percent)}"
    return (
        code(task.task),
        escape(task.title, TITLE_CHARS),
        state,
        escape(task.agent, 60),
        duration(task.minutes),
        duration(task.estimate_minutes),
    )
