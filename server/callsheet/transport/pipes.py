"""Messages over stdin and stdout without a thread for each line.

The SDK reads, writes and flushes every line in a worker thread, three hops a call. Where both ends
are pipes or sockets, as with every client, the event loop can tell when they are ready; reading
and writing then cost one system call each, and a read can be cancelled. Elsewhere (terminals,
files, Windows) the SDK's own way is taken.

While serving, fd 0 is the null device and fd 1 is stderr, so that what a library prints never
gets between the messages.
"""

import os
import select
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any, cast

import anyio
from mcp.server.stdio import stdio_server

READ_BYTES = 65_536
SURE_BYTES: int = getattr(select, "PIPE_BUF", 512)
"""So many bytes can be written without blocking to what is called writable."""


def messages() -> AbstractAsyncContextManager[Any]:
    """The SDK's pair of message streams over this process's stdin and stdout."""
    if sys.platform == "win32" or not (_can_wait(0) and _can_wait(1)):
        return stdio_server()
    ends = Lines(_moved(0, os.open(os.devnull, os.O_RDONLY))), Sink(_moved(1, os.dup(2)))
    return stdio_server(*cast("tuple[anyio.AsyncFile[str], anyio.AsyncFile[str]]", ends))


def _can_wait(fd: int) -> bool:
    """Whether the event loop can tell when the descriptor is ready."""
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _moved(fd: int, instead: int) -> int:
    """Another descriptor for what `fd` is; `instead` takes its place."""
    wire = os.dup(fd)
    os.dup2(instead, fd)
    os.close(instead)
    return wire


class Lines:
    """The lines that come in through a descriptor, until it ends."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    async def __aiter__(self) -> AsyncIterator[str]:
        rest = b""
        while True:
            await anyio.wait_readable(self._fd)
            data = os.read(self._fd, READ_BYTES)
            if not data:
                break
            if b"\n" not in data:
                rest += data
                continue
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                yield line.decode(errors="replace")
        if rest:
            yield rest.decode(errors="replace")


class Sink:
    """Where lines go out through a descriptor. A client that does not read holds up nobody else."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    async def write(self, text: str) -> None:
        """Write it all. Returns when the system has it."""
        left = memoryview(text.encode())
        while left:
            if not select.select((), (self._fd,), (), 0)[1]:
                await anyio.wait_writable(self._fd)
            left = left[os.write(self._fd, left[:SURE_BYTES]) :]

    async def flush(self) -> None:
        """Nothing is kept back."""
