"""Ways in which clients start the server."""

import asyncio
import json
import os
import sys
from pathlib import Path

from acceptance.plans import begin, write_plan
from acceptance.wire import Answer, Crew, Server, crew

import callsheet

MCP_JSON = Path(__file__).parents[2] / "mcp.json"


async def test_the_server_of_mcp_json_works_through_a_plan(tmp_path: Path) -> None:
    """`callsheet` is on the PATH, as an installer would have put it there."""
    (entry,) = json.loads(MCP_JSON.read_text())["mcpServers"].values()
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / entry["command"]
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m callsheet "$@"\n')
    command.chmod(0o755)
    write_plan(tmp_path / "project", [{"key": "a"}])
    async with crew(tmp_path / "project") as servers:
        server = await servers.server(command=[str(command), *entry["args"]])
        await begin(server)
        claimed = await server.call("claim_task", agent="ada")
        done = await server.call("complete_task", claim=claimed["claim"], summary="Done.")
    assert done["run"] == "finished"


async def test_a_projects_own_server_and_tools_packages_are_not_mistaken_for_callsheets(
    tmp_path: Path,
) -> None:
    """The server starts inside the project, which may be first on the import path."""
    for name in ("server", "tools", "model", "engine", "store"):
        package = tmp_path / name
        package.mkdir()
        (package / "__init__.py").write_text("raise SystemExit('the wrong package')\n")
    write_plan(tmp_path, [{"key": "a"}])
    async with crew(tmp_path) as servers:
        server = await servers.server(PYTHONPATH=os.pathsep.join([".", *found_from()]))
        await begin(server)
        assert (await server.call("claim_task", agent="ada"))["task"]["key"] == "a"


def found_from() -> list[str]:
    """Where the code under test is, and what it needs."""
    return [str(Path(callsheet.__file__).parents[1]), *filter(None, sys.path)]


async def test_a_modern_client_is_told_of_changes_that_another_process_makes(
    tmp_path: Path,
) -> None:
    write_plan(tmp_path, [{"key": "a"}])
    async with crew(tmp_path) as servers:
        listening, working = await two(servers)
        await begin(working)
        await listening.call("get_progress")
        listening.send(
            "subscriptions/listen", notifications={"resourceSubscriptions": ["callsheet://status"]}
        )
        acknowledged = await told(listening)
        assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
        await working.call("claim_task", agent="ada")
        news = await told(listening)
    assert news["method"] == "notifications/resources/updated"
    assert news["params"]["uri"] == "callsheet://status"


async def two(servers: Crew) -> tuple[Server, Server]:
    first, second = await asyncio.gather(servers.server(), servers.server())
    return first, second


async def told(server: Server) -> Answer:
    """The next message that nobody asked for."""
    return await asyncio.wait_for(server.news.get(), 30)
