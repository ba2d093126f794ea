"""One scripted agent: claims a task, works on it for a moment, completes it, until nothing is left.

It talks to a server process of its own over stdio, exactly as an assistant would.
"""

import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

import callsheet
import callsheet_tools
from callsheet.demo.script import Pace, Script
from callsheet.demo.tally import Event, Kind
from callsheet.model.errors import CODES, CallsheetError

Answer = dict[str, Any]
Tell = Callable[[Event], None]
WAIT_SECONDS = 5
SHORTEST_STEP_SECONDS = 0.15
LOOK_AT_LOG = "The servers' own messages are in servers.log in the demonstration's folder."


def server(root: Path, log: TextIO) -> Client:
    """A client with a new server process for the project at `root`; its messages go to `log`.

    The server runs the code that runs this, wherever that was imported from, and sees none of the
    user's CALLSHEET_* variables: a demonstration is the same for everybody.
    """
    code = (Path(module.__path__[0]).parent for module in (callsheet, callsheet_tools))
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-m", "callsheet", "serve", "--project", str(root)],
        env={"PYTHONPATH": os.pathsep.join(dict.fromkeys(map(str, code)))},
        cwd=root,
    )
    return Client(stdio_client(parameters, errlog=log))


async def call(client: Client, tool: str, **arguments: Any) -> Answer:
    """A tool's answer. Errors: CallsheetError as the server refused it."""
    result = await client.call_tool(tool, arguments)
    if result.is_error or result.structured_content is None:
        raise _refusal(" ".join(getattr(part, "text", "") for part in result.content))
    return dict(result.structured_content)


async def work(
    client: Client, name: str, script: Script, pace: Pace, tell: Callable[..., None]
) -> Answer:
    """Take tasks until there are none for this agent. Answers the last "nothing" of the server."""
    while True:
        claimed = await call(
            client,
            "claim_task",
            agent=name,
            wait_seconds=WAIT_SECONDS,
            capabilities=list(script.capabilities),
        )
        if claimed["outcome"] == "claimed":
            await _do(client, claimed, script, pace, tell)
        elif claimed["next"] == "wait":
            tell("waits", note=claimed["why"])
            await anyio.sleep(min(1.0, claimed.get("retry_after_seconds", 0.1)))
        else:
            tell("left", note=claimed["why"])
            return claimed


async def _do(
    client: Client, claimed: Answer, script: Script, pace: Pace, tell: Callable[..., None]
) -> None:
    task, claim = claimed["task"], claimed["claim"]
    about = {key: task.get(key) for key in ("title", "phase", "attempt")} | {"task": task["key"]}
    tell("claimed", **about)
    seconds = pace.seconds(task.get("estimate_minutes"))
    steps = max(1, min(4, math.floor(seconds / SHORTEST_STEP_SECONDS)))
    for step in range(1, steps):
        await anyio.sleep(seconds / steps)
        percent = 100 * step // steps
        await call(client, "report_progress", claim=claim, percent=percent)
        tell("progress", percent=percent, **about)
    await anyio.sleep(seconds / steps)
    error = script.failure(task["key"], task["attempt"])
    if error is None:
        await call(
            client, "complete_task", claim=claim, summary=f"Done in the demo: {task['title']}"
        )
        tell("done", percent=100, **about)
    else:
        await call(client, "fail_task", claim=claim, error=error, kind="transient")
        tell("failed", note=error, **about)


def _refusal(text: str) -> CallsheetError:
    """The server's text back as the error it was: `CODE: what happened. What to do next.`"""
    said = text.partition(": ")[2] if text.startswith("Error executing tool") else text
    first, _, what = said.partition(": ")
    code = next((known for known in CODES if known == first), None)
    if code is None:
        return CallsheetError("CONFLICT", f"A server answered: {said}", LOOK_AT_LOG)
    return CallsheetError(code, what, LOOK_AT_LOG)


def teller(name: str, now: Callable[[], float], tell: Tell) -> Callable[..., None]:
    """`tell`, with the agent's name and the time filled in."""

    def told(kind: Kind, **facts: Any) -> None:
        tell(Event(kind=kind, agent=name, seconds=now(), **facts))

    return told
