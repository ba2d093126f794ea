"""Serving one client over stdin and stdout, with a clean end however it comes.

End of input, SIGTERM and SIGINT all close the desk, so that the session's end is on record and its
leases run out without costing an attempt. The process then leaves at once: the SDK's thread that
reads stdin can't be interrupted, and would keep it alive until the client closes the pipe.
"""

import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import anyio
from mcp.server.mcpserver import MCPServer
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourceUpdated

from callsheet.transport.resources import STATUS_URI
from callsheet.transport.server import build
from callsheet.transport.tool import Desk

Changed = Callable[[], Awaitable[None]]


class ServedDesk(Desk, Protocol):
    """A desk with work of its own beside answering."""

    async def run(self, changed: Changed) -> None:
        """Keep leases and status files until cancelled; `changed` tells the client of changes."""
        ...

    async def close(self) -> None:
        """End the session cleanly."""
        ...


def serve(profile: str, desk: ServedDesk) -> None:
    """Serve until the client is gone or a signal comes. Ends the process rather than returning."""
    bus = InMemorySubscriptionBus()
    stopping = False

    async def changed() -> None:
        await bus.publish(ResourceUpdated(uri=STATUS_URI))

    @asynccontextmanager
    async def lifespan(_: MCPServer[Desk]) -> AsyncIterator[Desk]:
        gc.freeze()  # what a start leaves behind stays to the end: never look at it again
        gc.enable()
        try:
            async with anyio.create_task_group() as upkeep:
                upkeep.start_soon(desk.run, changed)
                yield desk
                upkeep.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await desk.close()
            if stopping:
                _leave()

    async def main() -> None:
        async with anyio.create_task_group() as group:

            async def stop_on_signal() -> None:
                nonlocal stopping
                with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
                    async for _ in signals:
                        stopping = True
                        group.cancel_scope.cancel()
                        return

            group.start_soon(stop_on_signal)
            await build(profile, lifespan, desk, bus).run_stdio_async()
            _leave()

    anyio.run(main)


def _leave() -> None:
    sys.stderr.flush()
    os._exit(0)  # skips the blocked thread and 120 ms of interpreter teardown
