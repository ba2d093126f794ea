"""The three ways in which a database file is opened, each with its pragmas.

The figures behind the pragmas were measured: many small commits from many processes gain from
rare checkpoints, and neither from memory mapping nor from a larger page.
"""

import sqlite3
from pathlib import Path
from typing import Literal

Synchronous = Literal["FULL", "NORMAL"]
"""FULL: what was acknowledged survives a power cut. NORMAL: it survives a crash of the process."""

_CACHED_STATEMENTS = 256
_FOR_ALL = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA mmap_size = 0",
)
_FOR_WRITING = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA wal_autocheckpoint = 4000",  # inside COMMIT, hence under the file lock
    "PRAGMA journal_size_limit = 67108864",
)


def connect_to_write(
    path: Path, synchronous: Synchronous, busy_seconds: float
) -> sqlite3.Connection:
    """The one connection that changes things. The file must exist: it never creates one."""
    return _connect(path, busy_seconds, *_FOR_WRITING, f"PRAGMA synchronous = {synchronous}")


def connect_to_read(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """For snapshots of a database that a writer of this process keeps open."""
    return _connect(path, busy_seconds, "PRAGMA query_only = ON")


def connect_to_look(path: Path) -> sqlite3.Connection:
    """For one look from outside: it can't write, and so can't checkpoint when it closes either."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def _connect(path: Path, busy_seconds: float, *pragmas: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        cached_statements=_CACHED_STATEMENTS,
        check_same_thread=False,  # opened, used and closed on aiosqlite's thread; freed anywhere
    )
    try:
        for pragma in (*_FOR_ALL, *pragmas):
            connection.execute(pragma).fetchall()
    except BaseException:
        connection.close()
        raise
    return connection
