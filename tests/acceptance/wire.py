"""A client of one real server process: JSON-RPC lines over its pipes, and signals to its pid.

The SDK's client hides the process and ends it politely. These tests kill, stop and starve it.
"""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from cli_help import child_environ

MODERN, LEGACY = "2026-07-28", "2025-11-25"
ERAS = (MODERN, LEGACY)
SAFETY_SECONDS = 60
SERVE = (sys.executable, "-m", "callsheet", "serve")
_META = "io.modelcontextprotocol/"
_CLIENT = {"name": "acceptance", "version": "1"}
_LONGEST_LINE = 1_000_000

Answer = dict[str, Any]


class Refused(Exception):
    """A tool said no; the text is its own."""


class Server:
    """A running `callsheet serve` and the calls that are under way to it."""

    def __init__(self, process: Process, era: str) -> None:
        self.process = process
        self.era = era
        self.news: asyncio.Queue[Answer] = asyncio.Queue()
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._next = 0
        self._reader = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        return self.process.pid

    async def call(self, tool: str, **arguments: Any) -> Answer:
        """The tool's answer. Raises `Refused`."""
        result = await self.ask("tools/call", name=tool, arguments=arguments)
        if result.get("isError"):
            raise Refused("".join(part["text"] for part in result["content"]))
        answer: Answer = result["structuredContent"]
        return answer

    async def refusal(self, tool: str, **arguments: Any) -> str:
        """The text with which the tool refuses."""
        try:
            answer = await self.call(tool, **arguments)
        except Refused as refused:
            return str(refused)
        raise AssertionError(f"{tool} answered {answer}")

    async def ask(self, method: str, **params: Any) -> Answer:
        """The result of a request; fails when the server ends first."""
        answer = await asyncio.wait_for(self.send(method, **params), SAFETY_SECONDS)
        assert "result" in answer, answer
        result: Answer = answer["result"]
        return result

    def send(self, method: str, **params: Any) -> "asyncio.Future[Answer]":
        """Send a request and leave it at that; what comes back is the whole response."""
        self._next += 1
        answer = asyncio.get_running_loop().create_future()
        self._waiting[self._next] = answer
        self._write({"id": self._next, "method": method, "params": self._with_meta(params)})
        return answer

    async def handshake(self) -> None:
        """What a client of the era says first."""
        if self.era == LEGACY:
            hello = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": _CLIENT}
            result = await self.ask("initialize", **hello)
            assert result["protocolVersion"] == LEGACY
            self._write({"method": "notifications/initialized"})
        else:
            assert MODERN in (await self.ask("server/discover"))["supportedVersions"]

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def hang_up(self) -> int:
        """Close the server's stdin; its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return await self.ended()

    async def ended(self) -> int:
        """Wait for the process to end; its exit code."""
        code = await asyncio.wait_for(self.process.wait(), SAFETY_SECONDS)
        await self._reader
        return code

    async def kill(self) -> None:
        """Kill -9, which also ends a stopped process."""
        with suppress(ProcessLookupError):
            self.process.kill()
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self.ended()

    def _with_meta(self, params: Answer) -> Answer:
        if self.era == LEGACY:
            return params
        meta = {"protocolVersion": MODERN, "clientCapabilities": {}, "clientInfo": _CLIENT}
        return {**params, "_meta": {_META + name: value for name, value in meta.items()}}

    def _write(self, message: Answer) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            message = json.loads(line)
            waiting = self._waiting.pop(message.get("id", 0), None)
            if waiting is None:
                self.news.put_nowait(message)
            elif not waiting.done():
                waiting.set_result(message)
        for waiting in self._waiting.values():
            waiting.cancel()


class Crew:
    """Servers of one project."""

    def __init__(self, root: Path, settings: dict[str, str]) -> None:
        self.root = root
        self.servers: list[Server] = []
        self._environ = child_environ(
            **{f"CALLSHEET_{name.upper()}": value for name, value in settings.items()}
        )

    async def server(
        self,
        era: str = MODERN,
        command: Sequence[str] = SERVE,
        prepare: Callable[[], Any] | None = None,
        **environ: str,
    ) -> Server:
        """One more server, ready to be called; `prepare` runs in its process before it starts."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=self.root,
            env={**self._environ, **environ},
            limit=_LONGEST_LINE,
            preexec_fn=prepare,
        )
        server = Server(process, era)
        self.servers.append(server)
        await server.handshake()
        return server

    async def some(self, count: int) -> list[Server]:
        """Several servers at once, of both eras in turn."""
        eras = [ERAS[number % len(ERAS)] for number in range(count)]
        return list(await asyncio.gather(*(self.server(era) for era in eras)))


@asynccontextmanager
async def crew(root: Path, **settings: str) -> AsyncIterator[Crew]:
    """Servers for the project at `root`; whatever still runs at the end is killed by its pid."""
    found = Crew(root, {"lease_seconds": "1", "retry_base_seconds": "0", **settings})
    try:
        yield found
    finally:
        for server in found.servers:
            await server.kill()
