"""A server over a real board, and a client connected to it in this process, in either era."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.server.subscriptions import InMemorySubscriptionBus
from mcp.types import CallToolResult, TextContent

from callsheet.app import open_board
from callsheet.engine.board import Board
from callsheet.settings import Settings
from callsheet.transport.server import build
from callsheet.transport.tool import Desk

ERAS = ("auto", "legacy")
"""Client modes: the first speaks 2026-07-28, the other begins with `initialize`."""
PAGE = "# Status\n\nAll is well.\n"


class OneDesk:
    """A desk with an open board and nothing else to do."""

    def __init__(self, board: Board) -> None:
        self._board = board

    async def board(self) -> Board:
        return self._board

    async def status_page(self) -> str:
        return PAGE


class Played:
    """A connected client, and the board behind its server."""

    def __init__(self, client: Client, board: Board, bus: InMemorySubscriptionBus) -> None:
        self.client = client
        self.board = board
        self.bus = bus

    async def result(self, tool: str, **arguments: Any) -> CallToolResult:
        return await self.client.call_tool(tool, arguments)

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The answer; fails when the tool refuses."""
        result = await self.result(tool, **arguments)
        assert not result.is_error, text_of(result)
        assert result.structured_content is not None
        return dict(result.structured_content)

    async def refused(self, tool: str, **arguments: Any) -> str:
        """The text of the refusal; fails when the tool answers."""
        result = await self.result(tool, **arguments)
        assert result.is_error, text_of(result)
        return text_of(result)

    async def events(self) -> list[str]:
        """The kinds of all events so far, in order."""

        def kinds() -> Any:
            rows = yield "SELECT kind FROM event ORDER BY seq, n", {}
            return [kind for (kind,) in rows]

        found: list[str] = await self.board.store.read(kinds)
        return found


def text_of(result: CallToolResult) -> str:
    """All text of an answer; it must have nothing else."""
    parts = [part.text for part in result.content if isinstance(part, TextContent)]
    assert len(parts) == len(result.content)
    return "".join(parts)


def size(answer: object) -> int:
    """Bytes of an answer as compact JSON, as it is sent in its text."""
    return len(json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode())


@asynccontextmanager
async def playing(
    root: Path, era: str = "auto", profile: str = "all", **settings: Any
) -> AsyncIterator[Played]:
    """A client of the given era, connected to a server of the project at `root`."""
    async with AsyncExitStack() as stack:
        board = await stack.enter_async_context(
            open_board(Settings.model_validate({"synchronous": "NORMAL", **settings}), root)
        )
        desk, bus = OneDesk(board), InMemorySubscriptionBus()

        @asynccontextmanager
        async def lifespan(_: MCPServer[Desk]) -> AsyncIterator[Desk]:
            yield desk

        server = build(profile, lifespan, desk, bus)
        client = await stack.enter_async_context(Client(server, mode=era))
        yield Played(client, board, bus)
