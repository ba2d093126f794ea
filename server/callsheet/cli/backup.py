"""`callsheet backup`: a copy of the database, made while everybody goes on working."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from callsheet.cli.frame import Call, command


@dataclass(frozen=True, slots=True)
class BackedUp:
    path: str
    bytes: int


def _show(answer: BackedUp) -> Iterator[str]:
    yield f"Copied the database to {answer.path} ({answer.bytes / 1024:,.0f} kB)."
    yield "To go back to it: end all assistants, put it in the place of .callsheet/state.db, and"
    yield "remove state.db-wal and state.db-shm beside it."


@command("backup", show=_show)
@click.argument("path", required=False, type=click.Path(path_type=Path))
async def backup(call: Call, path: Path | None) -> BackedUp:
    """Copy the database while everybody works on.

    By default the copy goes to .callsheet/backups/, where the last ten are kept. PATH is a folder, or a file that must not exist.
    """
    from callsheet.store.backup import backup as copy  # late: the store

    database = call.root() / ".callsheet" / "state.db"
    made = await copy(database, path, now_ms=time.time_ns() // 1_000_000)
    return BackedUp(str(made), made.stat().st_size)
