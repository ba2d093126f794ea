"""`callsheet demo`: see a plan carried out by several agents at once, in a few seconds."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callsheet.cli.frame import Call, command, home, output
from callsheet.cli.text import Cell, bar, columns, heading, number, progress, say, title

if TYPE_CHECKING:
    from callsheet.demo.play import DemoResult
    from callsheet.demo.stage import Stage
    from callsheet.demo.tally import Event, Tally

Changed = Callable[["Event"], None]
PHASES_SHOWN, AGENTS_SHOWN = 12, 16
MANY_TASKS = 60
"""In plans above this size, plain output tells every tenth per cent instead of every task."""


def _show(answer: "DemoResult") -> Iterator[str]:
    yield ""
    done = f"{answer.done} tasks done in {answer.seconds:.1f} s by {answer.agents} agents"
    yield heading(done) + ", each with a callsheet server process of its own"
    retried = f"{len(answer.retried)} ({', '.join(answer.retried[:5])})" if answer.retried else "0"
    yield from columns(
        [
            ["attempts", str(answer.attempts)],
            ["failed, then retried", retried],
            ["most at once", str(answer.most_at_once)],
            ["handed out twice", str(answer.handed_out_twice)],
        ]
    )
    if answer.left:
        yield f"Not everything could be done: {say(answer.left, 500)}"
    yield f"Status page: {answer.status_page}"


@command("demo", show=_show, failed=lambda answer: answer.handed_out_twice > 0)
@click.option("--agents", type=click.IntRange(1, 64), default=4, help="How many agents (4).")
@click.option("--plan", metavar="PATH", help="A project of yours; it is copied and not changed.")
async def demo(call: Call, agents: int, plan: str | None) -> "DemoResult":
    """Drain an example plan with four scripted agents, live.

    Copies the example (or with --plan the plan of a project of yours) to a temporary folder, starts
    one real server process for each agent, and lets them work. The folder is kept.
    """
    from callsheet.demo.play import play  # late: the MCP client
    from callsheet.demo.tally import Tally

    stage, tally = prepared(plan, agents), Tally()
    if not call.as_json:
        output(f"The project is in {stage.root}; starting {agents} agents. {say(stage.note, 500)}")
    with _spectator(tally, call.as_json) as changed:
        return await play(stage, agents, tally, changed)


def prepared(plan: str | None, agents: int) -> "Stage":
    """A new temporary folder with the bundled project, or with a copy of the user's plan.

    Errors: BAD_ARGUMENT when there is no such path, UNKNOWN_PLAN when there is no plan in it.
    """
    from callsheet.demo import stage

    users = stage.find(Path(plan), home()) if plan else None
    root = Path(tempfile.mkdtemp(prefix="callsheet-demo-")).resolve()
    return stage.copied(root, users, agents) if users else stage.bundled(root, agents)


@contextmanager
def _spectator(tally: "Tally", quiet: bool) -> Iterator[Changed]:
    """Who watches: nobody with --json, moving bars on a terminal, else a line an event."""
    if quiet:
        yield lambda event: None
    elif sys.stdout.isatty():
        from callsheet.cli.live import live  # late: rich

        with live(lambda: stage_lines(tally)) as redraw:
            yield lambda event: redraw()
    else:
        yield _plain(tally)


def stage_lines(tally: "Tally") -> list[str]:
    """The moving picture: a bar for each phase, a line for each agent."""
    done = sum(phase.done for phase in tally.phases.values())
    share = done / tally.total if tally.total else 0.0
    known = f"{heading(say(tally.title))}  {bar(share)}  {done}/{tally.total}"
    lines = [known if tally.total else heading("Starting the servers …"), ""]
    lines += columns(
        [str(key or ""), title(phase.title), progress(phase.share), number(phase.counted)]
        for key, phase in list(tally.phases.items())[:PHASES_SHOWN]
    )
    lines.append("")
    lines += columns(
        [Cell(name, "cyan"), *_doing(event)]
        for name, event in list(tally.agents.items())[:AGENTS_SHOWN]
    )
    return lines


def _doing(event: "Event") -> list[Cell]:
    if event.kind in ("claimed", "progress"):
        return [Cell(event.task), title(event.title), number(f"{event.percent} %")]
    said = {
        "ready": "is ready",
        "done": "done, looks for more",
        "waits": "waits",
        "left": "has gone home",
    }
    colour = {"failed": "red", "done": "green"}.get(event.kind)
    note = Cell(said.get(event.kind, event.note), colour, grows=True)
    return [Cell(event.task), note, number("")]


def _plain(tally: "Tally") -> Changed:
    """A line for each task taken, done or failed; in large plans for every tenth per cent only."""
    told = 0

    def tell(event: "Event") -> None:
        nonlocal told
        time = f"{event.seconds:5.1f} s"
        if tally.total > MANY_TASKS:
            tenth = 10 * len(tally.completed) // tally.total
            if tenth > told:
                told = tenth
                output(f"{time}  {10 * tenth} %")
        elif event.kind in SAID:
            why = f": {event.note}" if event.note else ""
            did = f"{event.agent} {SAID[event.kind]} {event.task}"
            output(f"{time}  {say(f'{did} {event.title}{why}')}")

    return tell


SAID = {"claimed": "takes", "done": "has done", "failed": "fails at"}
