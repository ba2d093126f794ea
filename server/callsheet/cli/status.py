"""`callsheet status`: how far a plan is, once or continuously."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from callsheet.cli.frame import Call, command, output
from callsheet.cli.text import (
    STATE_COLOURS,
    Cell,
    bar,
    columns,
    faint,
    heading,
    minutes,
    number,
    progress,
    say,
    state,
    title,
)
from callsheet.model.outcome import to_answer
from callsheet.model.outlook import EstimateProgress, PlanProgress, RunInfo
from callsheet.model.states import STATES

if TYPE_CHECKING:
    from callsheet.engine.board import Board

ENDED = frozenset({"finished", "cancelled"})
SECONDS_BETWEEN_LOOKS = 0.5
PHASES_SHOWN = 15


def status_lines(plan: PlanProgress) -> Iterator[str]:
    """The whole page as lines for a terminal."""
    total = plan.totals.get("total", 0) - plan.totals.get("cancelled", 0)
    met = plan.totals.get("done", 0) + plan.totals.get("skipped", 0)
    share = met / total if total else 0.0
    yield f"{heading(say(plan.title or plan.plan))}  {_run(plan.run)}"
    counts = "  ".join(_count(name, plan.totals.get(name, 0)) for name in _order(plan.totals))
    yield f"{bar(share)}  {int(100 * share)} %  {met} of {total} tasks  {counts}".rstrip()
    yield from _section("Phases", _phases(plan), plan.phases_total, PHASES_SHOWN)
    yield from _section("Running", _running(plan), plan.running_total)
    yield from _section("Needs somebody", _stuck(plan), plan.stuck_total)
    if plan.next_up:
        yield from ("", f"{heading('Next')}  {say(', '.join(plan.next_up), 110)}")
    effort = _effort(plan.estimate)
    if effort:
        yield from ("", f"{heading('Effort')}  {effort}")


@command("status", show=status_lines, endless=True)
@click.option("--plan", help="Which plan, when there are several.")
@click.option("--watch", is_flag=True, help="Go on until the run ends, or Ctrl-C.")
async def status(call: Call, plan: str | None, watch: bool) -> PlanProgress | None:
    """Show how far the plan is.

    Phases, running tasks, what is stuck, what comes next, and effort against estimates.
    """
    async with call.board(looks=True) as board:
        if not watch:
            return await board.get_progress(plan=plan)
        await (_watch_json if call.as_json else _watch)(board, plan)
        return None


async def _watch(board: "Board", plan: str | None) -> None:
    import anyio

    from callsheet.cli.live import live  # late: rich

    progress = await board.get_progress(plan=plan)
    with live(lambda: list(status_lines(progress))) as redraw:
        while _goes_on(progress):
            await anyio.sleep(SECONDS_BETWEEN_LOOKS)
            progress = await board.get_progress(plan=plan)
            redraw()


async def _watch_json(board: "Board", plan: str | None) -> None:
    """One line of JSON for each change."""
    import anyio

    told = None
    while True:
        progress = await board.get_progress(plan=plan)
        if (progress.totals, progress.run) != told:
            told = (progress.totals, progress.run)
            output(json.dumps(to_answer(progress)))
        if not _goes_on(progress):
            return
        await anyio.sleep(SECONDS_BETWEEN_LOOKS)


def _goes_on(progress: PlanProgress) -> bool:
    return progress.run is not None and progress.run.state not in ENDED


def _run(run: RunInfo | None) -> str:
    if run is None:
        return click.style("no run; `callsheet run` starts one", dim=True)
    slowed = f", slowed to {run.parallel_now}" if run.parallel_now is not None else ""
    return f"run {run.run} {run.state}, {run.running} of {run.parallel} at work{slowed}"


def _order(totals: dict[str, int]) -> list[str]:
    return [name for name in STATES if totals.get(name)]


def _count(name: str, count: int) -> str:
    return click.style(f"{count} {name}", fg=STATE_COLOURS.get(name))


def _section(
    name: str, rows: list[list[Cell | str]], total: int | None, most: int = 20
) -> Iterator[str]:
    if rows:
        yield from ("", heading(name))
        yield from columns(rows[:most])
        more = max(total or 0, len(rows)) - min(most, len(rows))
        if more:
            yield f"  … and {more} more"


def _phases(plan: PlanProgress) -> list[list[Cell | str]]:
    rows: list[list[Cell | str]] = []
    for phase in plan.phases:
        total = phase.totals.get("total", 0) - phase.totals.get("cancelled", 0)
        met = phase.totals.get("done", 0) + phase.totals.get("skipped", 0)
        mark = Cell("✓", "green") if phase.complete else Cell(" ")
        share = progress(met / total if total else 0.0)
        rows.append([mark, phase.phase, title(phase.title), share, number(f"{met}/{total}")])
    return rows


def _running(plan: PlanProgress) -> list[list[Cell | str]]:
    return [
        [
            Cell(task.task, "cyan"),
            title(task.title),
            number("" if task.percent is None else f"{task.percent} %"),
            task.agent,
            number(minutes(task.minutes)),
            faint(task.note or ""),
        ]
        for task in plan.running
    ]


def _stuck(plan: PlanProgress) -> list[list[Cell | str]]:
    return [
        [
            task.task,
            state(task.state),
            Cell(task.reason or task.title, grows=True),
            faint(f"holds up {task.holds_up}" if task.holds_up else ""),
        ]
        for task in plan.stuck
    ]


def _effort(estimate: EstimateProgress) -> str:
    said = []
    if estimate.done_tasks_with_estimate:
        done, actual = minutes(estimate.estimated_minutes), minutes(estimate.actual_minutes)
        said.append(f"estimated {done} for what is done, took {actual}")
    if estimate.remaining_minutes:
        said.append(f"about {minutes(estimate.remaining_minutes)} of work left")
    return "; ".join(said)
