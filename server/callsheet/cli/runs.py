"""`callsheet run`, `pause`, `resume`, `drain`, `cancel`: nothing is handed out before a run."""

from collections.abc import Iterator
from typing import Literal

import click

from callsheet.cli.frame import Call, command
from callsheet.cli.text import Cell, columns, heading, minutes, say
from callsheet.model.outlook import DryRun, RunInfo

HOW_TO_WORK = (
    "Next: start assistants in this folder and give each the prompt `work` of callsheet (in Claude "
    "Code: /callsheet:work). `callsheet install claude-code --write` connects it."
)


def _show(answer: RunInfo | DryRun) -> Iterator[str]:
    if answer.loaded:
        yield f"Loaded {say(answer.loaded, 500)}."
    if isinstance(answer, DryRun):
        yield from _dry(answer)
        return
    of = f"{answer.remaining} of {answer.total} tasks left, at most {answer.parallel} at once"
    yield f"{heading(f'Run {answer.run} of plan {say(answer.plan)} is {answer.state}')}: {of}."
    yield from _outside(answer.waits_outside_scope or (), answer.waits_outside_scope_total)
    if answer.note:
        yield say(answer.note, 500)
    if answer.state == "active":
        yield HOW_TO_WORK


def _dry(answer: DryRun) -> Iterator[str]:
    met = f", {answer.already_met} of them done already" if answer.already_met else ""
    yield heading(f"Plan {say(answer.plan)}: {answer.tasks} tasks{met}")
    yield from columns(_wave(number, wave) for number, wave in enumerate(answer.waves, 1))
    yield from _outside(answer.waits_outside_scope, None)
    if answer.estimate_minutes:
        yield f"About {minutes(answer.estimate_minutes)} of work, {answer.parallel} at once."
    yield "Nothing was started: leave out --dry-run to do it."


def _wave(number: int, wave: dict[str, object]) -> list[Cell | str]:
    listed = wave.get("tasks")
    keys = [str(key) for key in listed] if isinstance(listed, list | tuple) else []
    total = wave.get("total", len(keys))
    return [f"wave {number}", Cell(str(total), right=True), Cell(", ".join(keys), grows=True)]


def _outside(keys: tuple[str, ...], total: int | None) -> Iterator[str]:
    if keys:
        more = max(total or 0, len(keys)) - len(keys)
        behind = say(", ".join(keys), 300) + (f" and {more} more" if more else "")
        yield f"Some tasks wait for others outside the scope: {behind}."
        yield "--include-dependencies brings them along."


MINUTES = click.FloatRange(0, min_open=True)


@command("run", show=_show)
@click.option("--plan", help="Which plan, when there are several.")
@click.option("--phase", "phases", multiple=True, help="Only this phase; may be repeated.")
@click.option("--task", "tasks", multiple=True, help="Only this task; may be repeated.")
@click.option("--parallel", type=click.IntRange(1, 1000), help="Most tasks at once (3).")
@click.option("--resume", is_flag=True, help="Go on with the unfinished run.")
@click.option("--retry-failed", is_flag=True, help="Give failed tasks another chance.")
@click.option("--include-dependencies", is_flag=True, help="And what the scope depends on.")
@click.option("--dry-run", is_flag=True, help="Only show the order; start nothing.")
@click.option("--max-attempts", type=click.IntRange(1, 100), help="Tries a task in this run.")
@click.option("--max-silence-minutes", type=MINUTES, help="Taken back when silent for so long.")
@click.option("--max-runtime-minutes", type=MINUTES, help="Taken back when it takes so long.")
async def run(
    call: Call,
    plan: str | None,
    phases: tuple[str, ...],
    tasks: tuple[str, ...],
    parallel: int | None,
    resume: bool,
    retry_failed: bool,
    include_dependencies: bool,
    dry_run: bool,
    max_attempts: int | None,
    max_silence_minutes: float | None,
    max_runtime_minutes: float | None,
) -> RunInfo | DryRun:
    """Start a run: from now on assistants are handed tasks.

    Without --phase and --task it covers the whole plan. A plan that isn't loaded yet is loaded
    first, with --dry-run too, if there is exactly one.
    """
    async with call.board() as board:
        return await board.start_run(
            plan=plan,
            phases=phases,
            tasks=tasks,
            parallel=parallel,
            resume=resume,
            retry_failed=retry_failed,
            dry_run=dry_run,
            include_dependencies=include_dependencies,
            max_attempts=max_attempts,
            max_silence_minutes=max_silence_minutes,
            max_runtime_minutes=max_runtime_minutes,
        )


def _control(action: Literal["pause", "resume", "drain", "cancel"], help: str) -> click.Command:
    async def control(call: Call, plan: str | None) -> RunInfo:
        async with call.board() as board:
            return await board.control_run(action=action, plan=plan)

    control.__doc__ = help
    plan = click.option("--plan", help="Which plan, when there are several.")
    return command(action, show=_show)(plan(control))


pause = _control("pause", "Hand out nothing more for now; assistants keep what they hold.")
resume = _control("resume", "Go on with a paused run.")
drain = _control("drain", "Let running tasks end, hand out nothing more. Then the run pauses.")
cancel = _control("cancel", "End the run; assistants at work are told to stop.")
