"""The resources: everything here can also be had through a tool, since not all clients read them."""

import json

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError

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
        return await desk.status_page()

    @server.resource(
        "callsheet://plan/{name}",
        name="plan",
        title="Plan",
        description="Progress of one plan: totals, phases, running, stuck, next.",
        mime_type="application/json",
    )
    async def plan(name: str) -> str:
        board = await desk.board()
        try:
            return _json(await board.get_progress(name))
        except CallsheetError as refusal:
            raise ResourceNotFoundError(str(refusal)) from None

    @server.resource(
        "callsheet://task/{key}",
        name="task",
        title="Task",
        description="Everything about one task of the only plan.",
        mime_type="application/json",
    )
    async def task(key: str) -> str:
        board = await desk.board()
        try:
            return _json(await board.get_task(key, "full"))
        except CallsheetError as refusal:
            raise ResourceNotFoundError(str(refusal)) from None


def _json(outcome: object) -> str:
    return json.dumps(to_answer(outcome), ensure_ascii=False, separators=(",", ":"))
