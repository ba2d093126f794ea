"""Operations on the tests' own schema, and processes that run them.

A gate in an operation stops it in the middle of its transaction until the test says go on; real
operations do no such thing.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

from callsheet.store.port import Op, Store

HERE = Path(__file__).parent
MIGRATIONS = HERE / "migrations"
SAFETY_SECONDS = 30.0
"""Nothing waits as long as this unless it is broken."""

OpenStore = Callable[..., Awaitable[Store]]
"""Opens one more store on the test's database; `busy_seconds` as keyword."""

ADD = "UPDATE counter SET n = n + :by WHERE name = 'a' RETURNING n"
COUNT = "SELECT n FROM counter WHERE name = 'a'"
NOTE = "INSERT INTO note (counter, text) VALUES ('a', :text)"


class Gate:
    """`reached` is set when an operation stands at it; it goes on when `open` is set."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def stand(self) -> None:
        self.reached.set()
        assert self.open.wait(SAFETY_SECONDS), "nobody opened the gate"


def add(by: int = 1) -> Op[int]:
    rows = yield ADD, {"by": by}
    return int(rows[0][0])


def count() -> Op[int]:
    rows = yield COUNT, {}
    return int(rows[0][0])


def add_at(gate: Gate) -> Callable[[], Op[int]]:
    """Adds one, then stands at the gate with the transaction open."""

    def op() -> Op[int]:
        rows = yield ADD, {"by": 1}
        gate.stand()
        return int(rows[0][0])

    return op


def content(path: Path) -> bytes:
    return path.read_bytes()


def spoil(path: Path, words: bytes) -> None:
    path.write_bytes(words)


def damage(path: Path) -> None:
    """Leaves a database's first page and overwrites all others."""
    spoil(path, content(path)[:4096] + b"\xff" * (path.stat().st_size - 4096))


def child(name: str, *arguments: object) -> "subprocess.Popen[str]":
    """A process that runs one function of `store_child.py`, its pipes open."""
    source_roots = os.pathsep.join([str(HERE.parents[1] / "server"), str(HERE.parent)])
    return subprocess.Popen(
        [sys.executable, str(HERE / "store_child.py"), name, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": source_roots, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def ended(process: "subprocess.Popen[str]", words: str = "") -> str:
    """What the process printed, once it has ended cleanly."""
    printed, _ = process.communicate(words, timeout=SAFETY_SECONDS)
    assert process.returncode == 0, f"exit code {process.returncode}: {printed}"
    return printed
