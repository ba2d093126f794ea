"""The prompts: `implement`, as in `/claudio:implement`, and `work`, the executor's loop.

Arguments of prompts are strings in MCP; the texts carry them on as the tools' own arguments.
"""

from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from typing import Any

from mcp import MCPError
from mcp.server.mcpserver import MCPServer
from mcp.types import INVALID_PARAMS

from callsheet.transport.tool import Desk

WORK = """\
Work through the tasks of the plan with callsheet, {who}. Hold one task at a time.

1. get_progress(agent="{agent}"): if it lists claims that you hold, go on with those first.
2. claim_task(agent="{agent}", wait_seconds=20{wish}).
   - outcome "claimed": read the brief, the acceptance criteria, context.files, the handoffs of the \
tasks before, and what earlier attempts at this one say.
   - outcome "nothing": do what next says. wait: call claim_task again. stop: you are finished. \
ask: tell the user (or the lead that started you) why, and stop.
   - UNKNOWN_PLAN: the lead has not begun; try again in a minute, for a quarter of an hour at most.
3. Do exactly this task. Change only files within its resources where it names some. Work that you \
discover beside it, a defect in a finished task too: record it with add_tasks(discovered_from=…), \
don't do it now.
4. report_progress(claim, percent, note) at each milestone of your work, at least every \
report_within_minutes. Obey its directive.
5. Check every acceptance criterion, then complete_task(claim, summary, artifacts, handoff). If it \
can't be done: fail_task with the kind that fits.
6. Back to 2, until it says stop.

Never complete a task that you did not do. On STALE_CLAIM drop the task at once."""

OWN = "your role and a number"
"""In place of a label: a made-up one would be the same for all who ask for this text."""

LEAD = """\
Lead the implementation of this project's plan with callsheet.{where} When the user has named \
another limit or given the go-ahead already, that holds.

1. get_progress(). No plan loaded: load_plan(). No plan file either: agree on a plan with the user \
and write it with add_tasks. Read the diagnostics, and settle with the user what matters in them.
2. start_run({scope}dry_run=true), and show the user in a few lines: how many tasks, the first \
waves, what would wait outside the scope, the limit of {parallel} at the same time.
{start}
4. Run it: start up to {parallel} sub-agents, each with its own label and the prompt "work" (or its \
text: claim_task, do it, complete_task, until claim_task says stop). A task's route names the \
specialised agent that suits it; start that kind when you have it and claim by types. If you can't \
start sub-agents, work through the tasks yourself, one at a time. Other assistants may also connect \
by themselves; callsheet keeps you apart.
5. get_progress() from time to time. Tell the user about failed, blocked and stuck tasks with their \
reasons, and settle them as the user decides with resolve_task. control_run pauses, drains or \
cancels.
6. When the run is finished, tell what was done, what was skipped or failed, and estimate against \
actual."""

STATUS = """\
Call get_progress() and tell the user in a few lines how the plan stands: done of all, what runs \
and by whom, what is stuck and why, what comes next, estimate against actual. Change nothing."""


def refuse_unknown(name: str, arguments: Iterable[str]) -> None:
    """Say what there is instead; the SDK would answer "Internal server error" to either."""
    if name not in PROMPTS:
        what = f"There is no prompt {name[:80]!r}; there are {' and '.join(PROMPTS)}."
        raise MCPError(INVALID_PARAMS, f"BAD_ARGUMENT: {what}")
    known = list(signature(PROMPTS[name]).parameters)
    for argument in arguments:
        if argument not in known:
            what = f"{name} has no argument {argument[:80]!r}; it has {', '.join(known)}."
            raise MCPError(INVALID_PARAMS, f"BAD_ARGUMENT: {what}")


def add_prompts(server: MCPServer[Desk]) -> None:
    """Register the prompts."""
    server.prompt(
        "implement",
        title="Implement the plan",
        description="Load the project's plan, show it, run it with several agents.",
    )(implement)
    server.prompt(
        "work", title="Work through tasks", description="The loop of an agent that executes tasks."
    )(work)


def implement(
    project_path: str = "",
    phase: str = "",
    task: str = "",
    resume: str = "",
    parallel: str = "3",
    dry_run: str = "",
    status: str = "",
) -> str:
    """The text that leads an assistant through a run."""
    if _yes(status):
        return STATUS
    wanted = [
        f"phases=[{_quoted(phase)}], " if phase else "",
        f"tasks=[{_quoted(task)}], " if task else "",
    ]
    limit = _limit(parallel)
    where = (
        f" It serves the project it was started for; if that is not {_quoted(project_path)}, say so "
        "and stop."
        if project_path
        else ""
    )
    again = "resume=true, " if _yes(resume) else ""
    scope = f"{''.join(wanted)}{again}parallel={limit}, "
    start = f"3. When the user agrees: start_run({scope.removesuffix(', ')})."
    if _yes(dry_run):
        return LEAD.format(where=where, scope=scope, parallel=limit, start="3. Stop here.").split(
            "\n4. "
        )[0]
    return LEAD.format(where=where, scope=scope, parallel=limit, start=start)


def work(agent: str = "", types: str = "", capabilities: str = "") -> str:
    """The executor's loop. `types` and `capabilities` are lists separated by commas."""
    label = agent.strip().replace('"', "'")
    who = f"as agent {label}" if label else f"under a label that nobody else here uses ({OWN})"
    wishes: dict[str, Any] = {"types": types, "capabilities": capabilities}
    wish = "".join(
        f", {name}=[{', '.join(_quoted(item.strip()) for item in text.split(','))}]"
        for name, text in wishes.items()
        if text.strip()
    )
    return WORK.format(who=who, agent=label or OWN, wish=wish)


PROMPTS: Mapping[str, Callable[..., str]] = {"implement": implement, "work": work}


def _quoted(text: str) -> str:
    return '"' + text.strip().replace('"', "'") + '"'


def _yes(text: str) -> bool:
    return text.strip().lower() in ("true", "yes", "1", "on")


def _limit(text: str) -> int:
    return max(1, min(int(text), 1_000)) if text.strip().isdigit() else 3
