"""Copies of a database that is in use, and what a check of one finds.

A copy is one read transaction: writers go on meanwhile. It is built under another name and renamed
when it is whole and synced, so that a file with the name of a backup always is one.
"""

import os
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from callsheet.model.errors import CallsheetError
from callsheet.store import failures
from callsheet.store.connections import connect_to_look

KEPT = 10
"""How many backups stay beside a database; older ones go when a new one is made."""


async def backup(path: Path, target: Path | None = None, *, now_ms: int) -> Path:
    """Copy the database at `path`, in use or not, and answer where the copy is.

    `target` is a file that must not exist, or a folder; without one the copy goes to `backups/`
    beside the database and the last ten there are kept. `now_ms` (wall time) goes into its name.
    Errors: CONFLICT when the target exists, STORE_FULL, STORE_READONLY, STORE_CORRUPT,
    BAD_ARGUMENT when there is no database or no folder for the target.
    """
    import anyio.to_thread

    return await anyio.to_thread.run_sync(_backup, path, target, now_ms)


def copy_to_backups(path: Path, version: int, now_ms: int) -> Path:
    """A copy in `backups/` beside the database, the oldest beyond ten removed."""
    folder = failures.backups_folder(path)
    folder.mkdir(mode=0o700, exist_ok=True)
    target = _copy(path, _free(folder / _name(path, version, now_ms)))
    for old in sorted(folder.glob(f"{path.stem}-*.db"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return target


def integrity(path: Path) -> list[str]:
    """What is wrong inside the database at `path`, a sentence each; empty when nothing is.

    Reads the whole file (seconds for a large one); servers go on meanwhile.
    """
    try:
        with closing(connect_to_look(path)) as connection:
            told = [text for (text,) in connection.execute("PRAGMA quick_check(20)")]
            orphans = connection.execute("PRAGMA foreign_key_check").fetchmany(20)
    except sqlite3.Error as error:
        return [str(failures.explain(error, path) or error)]
    damage = [f"{path} is damaged: {text}." for text in told if text != "ok"]
    return damage + [
        f"{path}: row {rowid} of {table} refers to a row of {parent} that is not there."
        for table, rowid, parent, _ in orphans
    ]


def sqlite_finding(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> str | None:
    """A sentence for `doctor` when this SQLite has the WAL-reset bug; None when it is repaired.

    It is in 3.7.0 to 3.51.2, except 3.44.6 and later of that line and 3.50.7 and later of that.
    """
    repaired = (
        version < (3, 7, 0)
        or version >= (3, 51, 3)
        or (3, 44, 6) <= version < (3, 45, 0)
        or (3, 50, 7) <= version < (3, 51, 0)
    )
    if repaired:
        return None
    return (
        f"SQLite {'.'.join(map(str, version))} has the WAL-reset bug (3.7.0 to 3.51.2): two "
        "programs that checkpoint and commit at the same instant can damage the file. "
        "callsheet's own processes keep out of each other's way by a lock; let no other program "
        "write to the database, or use a Python with SQLite 3.51.3 or later."
    )


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut, where folders can be synced."""
    if os.name != "nt":
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _backup(path: Path, target: Path | None, now_ms: int) -> Path:
    with failures.Explained(path), closing(connect_to_look(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    with failures.Explained(target or path, system=True):
        if target is None:
            return copy_to_backups(path, version, now_ms)
        if target.is_dir():
            target = target / _name(path, version, now_ms)
        if target.exists():
            raise CallsheetError(
                "CONFLICT", f"{target} exists already.", "Name a file that is not there yet."
            )
        return _copy(path, target)


def _copy(path: Path, target: Path) -> Path:
    fd, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.", suffix=".part")
    os.close(fd)  # mkstemp makes it 0600
    draft = Path(name)
    try:
        with closing(connect_to_look(path)) as source, closing(sqlite3.connect(draft)) as copy:
            source.backup(copy)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(target.parent)
    return target


def _name(path: Path, version: int, now_ms: int) -> str:
    seconds, millis = divmod(now_ms, 1000)
    when = datetime.fromtimestamp(seconds, UTC)
    return f"{path.stem}-{when:%Y%m%dT%H%M%S}.{millis:03d}Z-v{version}.db"


def _free(wanted: Path) -> Path:
    """`wanted`, or with a number behind it when two backups fall into one millisecond."""
    name, number = wanted, 1
    while name.exists():
        number += 1
        name = wanted.with_name(f"{wanted.stem}.{number}{wanted.suffix}")
    return name
