"""`callsheet init` and `load`: from plan files to a board."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from callsheet.cli.frame import Call, command
from callsheet.cli.text import STATE_COLOURS, Cell, columns, heading, say
from callsheet.model.errors import CallsheetError
from callsheet.model.outcome import Loaded
from callsheet.plan.shape import scorer_shape
from callsheet.sources import SourceReader

SETTINGS_FILE = "callsheet.toml"
TEMPLATE = Path(__file__).with_name("template.toml")
DIAGNOSTICS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Initialised:
    """What `init` did and found. `plans` are `format path`."""

    file: str
    written: bool
    plans: tuple[str, ...]
    next: str


def _show_init(answer: Initialised) -> Iterator[str]:
    said = "Wrote" if answer.written else "Left as it is:"
    yield f"{said} {answer.file}"
    yield f"Plans found: {say(', '.join(answer.plans), 500) or 'none'}"
    yield answer.next


@command("init", show=_show_init)
def init(call: Call) -> Initialised:
    """Write a callsheet.toml that explains itself.

    An existing one is never changed. Says which plans were found; nothing is loaded or started.
    """
    from callsheet.files.reading import walk
    from callsheet.plan.detect import detect, wanted_by_any

    root = call.root()
    found = detect(walk(root, wanted_by_any).files)
    file = root / SETTINGS_FILE
    try:
        with file.open("xb") as new:
            new.write(TEMPLATE.read_bytes())
        written = True
    except FileExistsError:
        written = False
    plans = tuple(f"{plan.format} {plan.path}" for plan in found)
    return Initialised(str(file), written, plans, _after_init(plans))


def _after_init(plans: tuple[str, ...]) -> str:
    if not plans:
        return (
            "Next: write callsheet.plan.yaml or a .claudio/ plan, or run `callsheet install "
            "claude-code` and let an assistant add tasks."
        )
    path = plans[0].partition(" ")[2]
    which = f" {path}" if len(plans) > 1 else ""
    return f"Next: `callsheet load{which}`, then `callsheet run`."


def _show_load(answer: Loaded) -> Iterator[str]:
    done = "Would load" if answer.dry_run else "Loaded"
    yield f"{heading(f'{done} plan {say(answer.plan)}')} ({answer.format}, {say(answer.source)})"
    counts = {
        "tasks": answer.tasks,
        "phases": answer.phases,
        "dependencies": answer.dependencies,
        "ready": answer.ready,
        "done": answer.done,
    }
    yield "  " + ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    changes = answer.changes
    yield f"  {changes.added} new, {changes.changed} changed, {changes.unchanged} unchanged"
    if changes.vanished:
        more = (changes.vanished_total or len(changes.vanished)) - len(changes.vanished)
        listed = ", ".join(changes.vanished) + (f" and {more} more" if more else "")
        yield f"  not in the source any more: {say(listed, 300)}"
    yield from diagnostic_lines(list(answer.diagnostics), answer.diagnostics_total)
    if not answer.dry_run:
        yield "Next: `callsheet run --dry-run` shows the order, `callsheet run` begins."


def diagnostic_lines(diagnostics: list[dict[str, Any]], total: int) -> Iterator[str]:
    """What was assumed or not understood, with the places."""
    if diagnostics:
        yield ""
    for found in diagnostics[:DIAGNOSTICS_SHOWN]:
        level = str(found.get("severity", "info"))
        place = ":".join(str(found[part]) for part in ("file", "line") if found.get(part))
        text = f"{place}: {found.get('message', '')}" if place else str(found.get("message", ""))
        yield from columns([[Cell(level, STATE_COLOURS.get(level)), Cell(text)]])
    more = total - min(len(diagnostics), DIAGNOSTICS_SHOWN)
    if more > 0:
        yield f"  … and {more} more; --json lists them"


@command("load", show=_show_load)
@click.argument("path", required=False)
@click.option("--format", "format_", help="The plan's format, where its files don't tell.")
@click.option("--tag", help="Which tag, in formats that keep several lists in one file.")
@click.option("--plan", help="What to call the plan.")
@click.option("--dry-run", is_flag=True, help="Only say what would be loaded.")
async def load(
    call: Call,
    path: str | None,
    format_: str | None,
    tag: str | None,
    plan: str | None,
    dry_run: bool,
) -> Loaded | dict[str, Any]:
    """Load a plan, or load it again after its files have changed.

    PATH is a plan's file or folder; without it the project's only plan is taken. Loading again
    keeps what was done. With --dry-run and --json the plan is printed as it was understood.
    """
    if tag is not None:
        what = "None of the formats that this version reads has tags."
        raise CallsheetError("BAD_ARGUMENT", what, "Leave out --tag.")
    root, source = call.placed(path)
    if dry_run and call.as_json:
        reader = SourceReader(root, phases_in_order=call.settings(root).phases_in_order)
        return scorer_shape(reader.draft_now(source, format_, plan), root.name)
    async with call.board(root) as board:
        return await board.load_plan(source, format_, dry_run, plan, all_diagnostics=True)
