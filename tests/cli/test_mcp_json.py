"""The configuration to copy, `mcp.json`, starts a server that offers its tools."""

import json
import os
import sys
from pathlib import Path

import pytest
from cli_help import child_environ
from mcp import Client
from mcp.client.stdio import StdioServerParameters

MCP_JSON = Path(__file__).parents[2] / "mcp.json"


@pytest.fixture
def installed(tmp_path: Path) -> str:
    """A PATH on which `callsheet` is what the installer would have put there."""
    command = tmp_path / "bin" / "callsheet"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m callsheet "$@"\n')
    command.chmod(0o755)
    return f"{command.parent}{os.pathsep}{os.environ['PATH']}"


async def test_a_server_starts_from_the_configuration_to_copy(
    installed: str, tmp_path: Path
) -> None:
    (entry,) = json.loads(MCP_JSON.read_text())["mcpServers"].values()
    project = tmp_path / "project"
    project.mkdir()
    server = StdioServerParameters(
        command=entry["command"],
        args=entry["args"],
        env=child_environ(PATH=installed),
        cwd=project,
    )
    async with Client(server) as client:
        offered = {tool.name for tool in (await client.list_tools()).tools}
    assert {"claim_task", "complete_task", "load_plan", "start_run"} <= offered
