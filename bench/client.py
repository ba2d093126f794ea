"""A lean MCP client over stdio, so that the client's own work does not drown what is measured.

One request at a time on two pipes, in the modern era: every request carries its own `_meta`, so
there is no handshake to wait for.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
END_SECONDS = 5.0
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
}


class Refused(Exception):
    """A tool answered with an error; the text is the server's."""


def environment(**more: str) -> dict[str, str]:
    """This process's environment, without settings of callsheet, for this checkout's code."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CALLSHEET_")}
    sources = os.pathsep.join((str(ROOT / "server"), str(ROOT / "tools")))
    return {**kept, "PYTHONPATH": sources, **more}


def callsheet(*words: str) -> list[str]:
    """The command line of a callsheet command."""
    return [sys.executable, "-m", "callsheet", *words]


class Client:
    """One server process and the pipes to it; as a context manager it ends the process."""

    def __init__(self, command: Sequence[str], cwd: Path, **settings: str) -> None:
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment(**settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._number = 0

    def request(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a request. Errors: Refused, EOFError when the server has died."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self._number += 1
        message = {
            "jsonrpc": "2.0",
            "id": self._number,
            "method": method,
            "params": {**params, "_meta": META},
        }
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise EOFError(f"{self.process.args!r} ended")
            answer = json.loads(line)
            if answer.get("id") == self._number:
                break
        if "error" in answer:
            raise Refused(answer["error"]["message"])
        result: dict[str, Any] = answer["result"]
        return result

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """A tool's structured answer. Errors: Refused."""
        result = self.request("tools/call", name=tool, arguments=arguments)
        if result.get("isError"):
            raise Refused(result["content"][0]["text"])
        answer: dict[str, Any] = result["structuredContent"]
        return answer

    def timed(self, tool: str, **arguments: Any) -> tuple[float, dict[str, Any]]:
        """Seconds that a call took, and its answer."""
        before = time.perf_counter()
        answer = self.call(tool, **arguments)
        return time.perf_counter() - before, answer

    def close(self) -> None:
        """End the server: close its input, and kill it if that does not help."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def floor(cwd: Path, *, commits: bool = True) -> Client:
    """The empty server, with or without the tools that commit."""
    return Client([sys.executable, str(HERE / "floor.py"), *([str(cwd)] if commits else [])], cwd)


def server(project: Path, synchronous: str = "FULL") -> Client:
    """A callsheet server on a project."""
    return Client(callsheet("serve"), project, CALLSHEET_SYNCHRONOUS=synchronous)
