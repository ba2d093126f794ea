"""`callsheet ready`, `task`, `resolve`: single tasks, and what only a person may decide."""

from collections.abc import Iterator
from typing import Any

import click

from callsheet.cli.frame import Call, command
from callsheet.cli.text import Cell, columns, faint, heading, minutes, number, say, state, title
from callsheet.model.outcome import ReadyList, Resolved

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
            faint(", ".join(task.resources)[:40]),
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
    async with call.board() as board:
        return await board.list_ready_tasks(
            plan=plan, phase=phase, type=type_, limit=limit, cursor=cursor
        )


def _show_task(answer: dict[str, Any]) -> Iterator[str]:
    """Known facts first, on aligned lines; then the brief; then whatever else there is to say."""
    known = state(str(answer.get("state", "")))
    said = click.style(known.text, fg=known.colour)
    yield f"{heading(say(answer.get('key', '')))}  {heading(say(answer.get('title', '')))}  {said}"
    rest = {name: value for name, value in answer.items() if name not in _IN_HEAD and value}
    plain = {name: value for name, value in rest.items() if not isinstance(value, list | dict)}
    yield from columns(
        [faint(_words(name)), Cell(str(value), grows=True)] for name, value in plain.items()
    )
    brief = str(answer.get("brief") or "")
    if brief:
        yield ""
        yield from (f"  {say(line)}".rstrip() for line in brief.splitlines()[:200])
    for name, value in rest.items():
        if isinstance(value, list | dict):
            yield from ("", heading(_words(name)), *_items(value))


_IN_HEAD = frozenset({"key", "title", "state", "brief"})


def _words(name: str) -> str:
    return name.replace("_", " ")


def _items(value: list[Any] | dict[str, Any]) -> Iterator[str]:
    entries = (
        [f"{_words(k)}: {_flat(v)}" for k, v in value.items()] if isinstance(value, dict) else value
    )
    yield from (f"  - {say(_flat(entry), 500)}" for entry in entries[:50])


def _flat(value: Any) -> str:
    """Nested data on one line: `key: value · key: value`."""
    if isinstance(value, dict):
        return " · ".join(
            f"{_words(k)}: {_flat(v)}" for k, v in value.items() if v not in (None, [])
        )
    return ", ".join(map(_flat, value)) if isinstance(value, list | tuple) else str(value)


@command("task", show=_show_task)
@click.argument("key")
@click.option("--plan", help="Which plan, when there are several.")
@click.option("--full", is_flag=True, help="Everything that ever happened to it.")
async def task(call: Call, key: str, plan: str | None, full: bool) -> dict[str, Any]:
    """Show one task: why it is not ready, who tried it, what they left behind."""
    async with call.board() as board:
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
