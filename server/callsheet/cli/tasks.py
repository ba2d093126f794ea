"""`callsheet ready`, `task`, `resolve`: single tasks, and what only a person may decide."""

from collections.abc import Iterator
from typing import Any

import click

from callsheet.cli.frame import Call, command
from callsheet.cli.text import Cell, columns, faint, heading, minutes, number, say, state, title
from callsheet.model.outcome import Resolved
from callsheet.model.outlook import ReadyList

PRIORITY_COLOURS = {"critical": "red", "high": "yellow"}
ACTIONS = ("retry", "unblock", "skip", "cancel", "reopen")


def _show_ready(answer: ReadyList) -> Iterator[str]:
    yield from columns(
        [
            Cell(task.key, "cyan"),
            title(task.title),
            task.type,
            Cell(task.priority, PRIORITY_COLOURS.get(task.priority)),
            number(minutes(task.estimate_minutes)),
            faint(task.route or ""),
            Cell(", ".join(task.resources), faint=True, grows=True),
        ]
        for task in answer.tasks
    )
    if answer.note:
        yield say(answer.note, 500)
    more = f"; --cursor {answer.next_cursor} shows more" if answer.next_cursor else ""
    yield click.style(f"{answer.shown} of {answer.total} ready tasks{more}", dim=True)


@command("ready", show=_show_ready)
@click.option("--plan", help="Which plan, when there are several.")
@click.option("--phase", help="Only of this phase.")
@click.option("--type", "type_", help="Only of this type: development, testing, …")
@click.option("--limit", type=click.IntRange(1, 100), default=20, help="How many to show (20).")
@click.option("--cursor", help="Where the last list ended.")
async def ready(
    call: Call,
    plan: str | None,
    phase: str | None,
    type_: str | None,
    limit: int,
    cursor: str | None,
) -> ReadyList:
    """List the tasks that could be handed out now, in that order."""
    async with call.board(looks=True) as board:
        return await board.list_ready_tasks(
            plan=plan, phase=phase, type=type_, limit=limit, cursor=cursor
        )


def _show_task(answer: dict[str, Any]) -> Iterator[str]:
    """Facts on aligned lines, then the brief, then every list in the answer, known or not."""
    shown = state(str(answer["state"]))
    said = click.style(shown.text, fg=shown.colour)
    yield f"{heading(say(answer['key']))}  {heading(say(answer['title']))}  {said}"
    facts = {name: value for name, value in answer.items() if name not in _PLACED and value}
    plain = {name: value for name, value in facts.items() if not isinstance(value, list | dict)}
    yield from columns([faint(_words(k)), Cell(str(v), grows=True)] for k, v in plain.items())
    if answer.get("brief"):
        yield ""
        yield from (f"  {say(line, 1000)}".rstrip() for line in str(answer["brief"]).splitlines())
    for name, value in facts.items():
        if isinstance(value, list):
            yield from ("", heading(_words(name)), *_listed(value))


_PLACED = frozenset({"key", "title", "state", "brief"})
_COLUMNS = ("key", "attempt", "seq", "title", "agent", "what", "state", "outcome")
"""The fields of listed things that stand in columns; the rest follows behind them."""
_SOUGHT = frozenset({"error", "summary", "note", "handoff"})


def _listed(entries: list[Any]) -> list[str]:
    if not all(isinstance(entry, dict) for entry in entries):
        return [f"  {say(entry, 500)}" for entry in entries]
    names = [name for name in _COLUMNS if any(name in entry for entry in entries)]
    return columns([*(_placed(name, e) for name in names), _rest(e, names)] for e in entries)


def _placed(name: str, entry: dict[str, Any]) -> Cell:
    value = str(entry.get(name, ""))
    return state(value) if name in ("state", "outcome") else Cell(value)


def _rest(entry: dict[str, Any], names: list[str]) -> Cell:
    """What has no column of its own; what people look for first stands where it isn't cut off."""
    rest = [key for key, v in entry.items() if key not in names and v not in (None, "", [], {})]
    rest.sort(key=lambda key: key not in _SOUGHT)
    text = ", ".join(f"{_words(key)} {entry[key]}" for key in rest)
    return Cell(text, grows=True, faint=True)


def _words(name: str) -> str:
    return name.replace("_", " ")


@command("task", show=_show_task)
@click.argument("key")
@click.option("--plan", help="Which plan, when there are several.")
@click.option("--full", is_flag=True, help="Everything that ever happened to it.")
async def task(call: Call, key: str, plan: str | None, full: bool) -> dict[str, Any]:
    """Show one task and why it is not ready.

    Also what it depends on, who tried it, and what they left behind.
    """
    async with call.board(looks=True) as board:
        return await board.get_task(key, detail="full" if full else "concise", plan=plan)


def _show_resolved(answer: Resolved) -> Iterator[str]:
    yield f"{heading(say(answer.task))} was {answer.was} and is {answer.state} now."
    if answer.newly_ready:
        yield f"Ready because of it: {say(', '.join(answer.newly_ready), 300)}"
    if answer.waiting_again:
        yield f"Waiting again because of it: {say(', '.join(answer.waiting_again), 300)}"
    if answer.run:
        yield f"The run is {say(answer.run)}."


@command("resolve", show=_show_resolved)
@click.argument("key")
@click.argument("action", type=click.Choice(ACTIONS))
@click.option("--reason", help="Why; it is kept with the task.")
@click.option("--plan", help="Which plan, when there are several.")
async def resolve(
    call: Call, key: str, action: str, reason: str | None, plan: str | None
) -> Resolved:
    """Decide about a task that can't go on by itself.

    retry or unblock a failed or blocked one, skip it (dependents go on), cancel it (they don't), or
    reopen one that was done, skipped or cancelled.
    """
    async with call.board() as board:
        return await board.resolve_task(key, action, reason=reason, plan=plan)
