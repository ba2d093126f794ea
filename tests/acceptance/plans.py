"""Plans for real servers, and the loop of an agent that works on one."""

import asyncio
import fcntl
import json
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from acceptance.wire import Answer, Refused, Server

Task = dict[str, Any]
Acks = list[tuple[str, str]]
"""Task and agent of each completion that a server acknowledged."""


def write_plan(root: Path, tasks: Iterable[Task]) -> None:
    """A plan file in the project; tasks without a title get one."""
    plan = {
        "schema": "callsheet.plan/v1",
        "name": "main",
        "tasks": [{"title": f"Task {task['key']}", **task} for task in tasks],
    }
    root.mkdir(exist_ok=True)
    (root / "callsheet.plan.json").write_text(json.dumps(plan))


def layered(count: int) -> list[Task]:
    """Tasks of which each but the first few needs two earlier ones."""
    return [
        {"key": str(n), "depends_on": [str(n - 7), str(n - 11)] if n >= 11 else []}
        for n in range(count)
    ]


async def begin(server: Server, **run: Any) -> Answer:
    """Load the project's plan and start its run."""
    await server.call("load_plan")
    return await server.call("start_run", **run)


async def work(
    server: Server,
    agent: str,
    acks: Acks,
    held: Callable[[Answer], Any] = lambda claimed: None,
) -> None:
    """Claim and complete until the server says stop or is gone; `held` sees each claim first."""
    try:
        while True:
            claimed = await server.call("claim_task", agent=agent, wait_seconds=5)
            if claimed["outcome"] == "nothing":
                if claimed["next"] == "wait":
                    continue
                assert claimed["reason"] == "finished", claimed
                return
            held(claimed)
            await server.call("complete_task", claim=claimed["claim"], summary=f"By {agent}.")
            acks.append((claimed["task"]["key"], agent))
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if current is not None and current.cancelling():
            raise  # the test ends, not the server


async def next_task(server: Server, agent: str) -> Answer:
    """A claim; the plan must have work left."""
    while True:
        claimed = await server.call("claim_task", agent=agent, wait_seconds=20)
        if claimed["outcome"] == "claimed":
            return claimed
        assert claimed["next"] == "wait", claimed


async def stale(server: Server, claim: str) -> str:
    """The refusal that a superseded claim gets."""
    try:
        answer = await server.call("complete_task", claim=claim, summary="Too late.")
    except Refused as refused:
        assert str(refused).startswith("STALE_CLAIM: "), refused
        return str(refused)
    raise AssertionError(f"a superseded claim was accepted: {answer}")


def stop(server: Server, root: Path) -> None:
    """Stop the process, but not in the middle of a write, in which it would hold up all others."""
    with (root / ".callsheet" / "state.db.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server.signal(signal.SIGSTOP)
        while not _is_stopped(server.pid):
            continue


def _is_stopped(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"
