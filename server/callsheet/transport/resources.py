"""The resources: everything here can also be had through a tool, since not all clients read them."""

import json
from collections.abc import Awaitable

from mcp import MCPError
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.types import INTERNAL_ERROR

from callsheet.model.errors import CallsheetError
from callsheet.model.outcome import to_answer
from callsheet.transport.tool import Desk

STATUS_URI = "callsheet://status"


def add_resources(server: MCPServer[Desk], desk: Desk) -> None:
    """Register the status page, plans and tasks."""

    @server.resource(
        STATUS_URI,
        name="status",
        title="Status page",
        description="How every plan of the project stands, as a page for people.",
        mime_type="text/markdown",
    )
    async def status() -> str:
        return await _told(desk.status_page())

    @server.resource(
        "callsheet://plan/{name}",
        name="plan",
        title="Plan",
        description="Progress of one plan: totals, phases, running, stuck, next.",
        mime_type="application/json",
    )
    async def plan(name: str) -> str:
        async def read() -> str:
            return _json(await (await desk.board()).get_progress(name))

        return await _told(read())

    @server.resource(
        "callsheet://task/{key}",
        name="task",
        title="Task",
        description="Everything about one task of the only plan.",
        mime_type="application/json",
    )
    async def task(key: str) -> str:
        async def read() -> str:
            return _json(await (await desk.board()).get_task(key, "full"))

        return await _told(read())


async def _told(reading: Awaitable[str]) -> str:
    """What was read; a refusal goes to the client with its own text."""
    try:
        return await reading
    except CallsheetError as refusal:
        if refusal.code.startswith("UNKNOWN_"):
            raise ResourceNotFoundError(str(refusal)) from None
        raise MCPError(INTERNAL_ERROR, str(refusal)) from None


def _json(outcome: object) -> str:
    return json.dumps(to_answer(outcome), ensure_ascii=False, separators=(",", ":"))
