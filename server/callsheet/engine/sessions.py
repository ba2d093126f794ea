"""Sessions: who they are, and whether their process still lives.

A process is known by host, boot, process namespace, id and start time, so that a reused id is not
taken for the old process, and one in another container is never judged at all.
"""

import os
import socket
import sys
from pathlib import Path
from typing import NamedTuple, Protocol

from callsheet.engine.env import Env
from callsheet.store.port import Op
from callsheet.store.sql import sessions as sql


class Process(NamedTuple):
    """One process of one boot of one host."""

    host: str
    boot: str
    namespace: str
    pid: int
    start: str


class Processes(Protocol):
    """What can be known of processes from here."""

    def own(self, boot: str) -> Process: ...

    def is_gone(self, process: Process, own: Process) -> bool:
        """Whether it certainly runs no more; False when that can't be told."""
        ...


class LocalProcesses:
    """Processes as /proc tells of them; elsewhere nobody is ever called gone."""

    def own(self, boot: str) -> Process:
        pid = os.getpid()
        return Process(socket.gethostname(), boot, _namespace(), pid, _start_time(pid) or "")

    def is_gone(self, process: Process, own: Process) -> bool:
        if process[:3] != own[:3] or not process.start:
            return False
        return _start_time(process.pid) != process.start


def _start_time(pid: int) -> str | None:
    """In clock ticks since boot: field 22 of /proc/PID/stat, behind the name in brackets."""
    if sys.platform != "linux":
        return ""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = stat.rpartition(b")")[2].split()
    return None if fields[0] in (b"Z", b"X") else fields[19].decode()


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def begin(env: Env, kind: str, process: Process) -> Op[int]:
    """Register a session. Returns its id."""
    [(number,)] = yield (
        sql.ADD,
        {
            "kind": kind,
            "host": process.host,
            "boot": process.boot,
            "namespace": process.namespace,
            "pid": process.pid,
            "pid_start": process.start,
            "at": env.clock.now().wall,
        },
    )
    return int(number)


def end(env: Env, session_id: int) -> Op[None]:
    """The session ends cleanly: its leases run out without costing an attempt."""
    yield sql.END, {"session": session_id, "at": env.clock.now().wall}


def holders() -> Op[list[tuple[int, Process]]]:
    """The sessions that hold tasks and have not ended."""
    rows = yield sql.HOLDERS, {}
    return [(row[0], Process(*row[1:])) for row in rows]
