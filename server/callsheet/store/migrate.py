"""From whatever file is found to the schema this version knows, or a refusal that changes nothing.

The schema is the numbered files of `sql/migrations` played in order; `user_version` is the number
of the last one played and `application_id` marks the file as ours. A new database is built under
another name and renamed when it is whole. An older one is backed up, then changed in one
transaction. Both happen under the file lock, so that servers that start together agree.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from callsheet.store import failures
from callsheet.store.backup import copy_to_backups, sync_folder
from callsheet.store.connections import connect_to_look
from callsheet.store.filelock import FileLock

APPLICATION_ID = 0x43414C4C  # "CALL"
MIGRATIONS = Path(__file__).parent / "sql" / "migrations"
_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\x00"


class Migration(NamedTuple):
    """One step of the schema: its number, from 1 without gaps, and the file that holds it."""

    number: int
    file: Path


class Found(NamedTuple):
    """What a database file says of itself."""

    application_id: int
    version: int


def migrations_in(folder: Path) -> list[Migration]:
    """The steps in `folder`, in order. ValueError when the numbers are not 1, 2, 3 …"""
    steps = sorted(Migration(int(file.name[:4]), file) for file in folder.glob("[0-9]*_*.sql"))
    if [step.number for step in steps] != list(range(1, len(steps) + 1)):
        raise ValueError(f"the migrations in {folder} are not numbered 1, 2, 3 and so on")
    return steps


def statements_of(script: str) -> Iterator[str]:
    """The statements of a script, one at a time; a trigger's body stays in one piece."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement


def bring_up(
    path: Path, lock: FileLock, steps: list[Migration], *, busy_seconds: float, now_ms: int
) -> None:
    """Make the database at `path` one whose schema is what all `steps` lead to.

    One look is all it takes when it already is. `now_ms` is wall time, for the backup's name.
    Errors: STORE_NEWER, STORE_CORRUPT (both leave the file as it is), STORE_BUSY.
    """
    found = inspect(path)
    if not _is_current(path, found, len(steps)):
        if not lock.acquire_within(busy_seconds):
            raise failures.busy(path, lock.holder())
        try:
            _bring_up_locked(path, steps, now_ms)
        finally:
            lock.release()


def inspect(path: Path) -> Found | None:
    """What the file at `path` is; None when it is missing or empty. Changes nothing.

    The answer stands in the file's first 100 bytes unless newer pages wait in the `-wal` file.
    Errors: STORE_CORRUPT for what is no SQLite database.
    """
    try:
        with open(path, "rb") as file:
            header = file.read(_HEADER_BYTES)
    except FileNotFoundError:
        return None
    if not header:
        return None
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise failures.corrupt(path, "It is not an SQLite database.")
    in_file = Found(_number(header[68:72]), _number(header[60:64]))
    if in_file.application_id != APPLICATION_ID or not _has_pages_waiting(path):
        return in_file
    with closing(connect_to_look(path)) as connection:
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    return Found(application_id, version)


def _number(field: bytes) -> int:
    return int.from_bytes(field, "big", signed=True)


def _has_pages_waiting(path: Path) -> bool:
    try:
        return os.stat(f"{path}-wal").st_size > 0
    except FileNotFoundError:
        return False


def _is_current(path: Path, found: Found | None, known: int) -> bool:
    if found is None:
        return False
    if found.application_id != APPLICATION_ID:
        raise failures.corrupt(path, "It belongs to another program.")
    if found.version > known:
        raise failures.newer(path, found.version, known)
    return found.version == known


def _bring_up_locked(path: Path, steps: list[Migration], now_ms: int) -> None:
    """Look again, now that nobody else can act, and do what is left to do."""
    found = inspect(path)
    if found is None:
        _create(path, steps)
    elif not _is_current(path, found, len(steps)):
        copy_to_backups(path, found.version, now_ms)
        _upgrade(path, steps[found.version :])


def _create(path: Path, steps: list[Migration]) -> None:
    """Build it whole under another name, so that a crash leaves no half of it."""
    draft = path.with_name(f"{path.name}.new")
    for leftover in (draft, Path(f"{draft}-journal"), Path(f"{draft}-wal"), Path(f"{draft}-shm")):
        leftover.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        _play(connection, steps)
        connection.execute("PRAGMA journal_mode = WAL")
    os.replace(draft, path)
    sync_folder(path.parent)


def _upgrade(path: Path, steps: list[Migration]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        try:
            _play(connection, steps)
        except sqlite3.Error as error:
            told = failures.explain(error, path)
            raise told or failures.corrupt(path, f"It can't be migrated: {error}.") from error
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _play(connection: sqlite3.Connection, steps: list[Migration]) -> None:
    """Play `steps` in one transaction; whatever stops it, the old version stays whole.

    Foreign keys are off while tables are rebuilt, and checked before the commit.
    """
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in steps:
            for statement in statements_of(step.file.read_text(encoding="utf-8")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {step.number}")
        broken = connection.execute("PRAGMA foreign_key_check").fetchone()
        if broken:
            child, _, parent, _ = broken
            raise sqlite3.IntegrityError(f"it would leave a row of {child} without its {parent}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
