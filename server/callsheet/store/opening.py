"""From a path to an open store: the folder, the checks, the migrations, the two connections.

A server starts with this, so that a database which is up to date costs a few looks and no write.
It does not check the content: that is `doctor`'s.
"""

import os
import sqlite3
import stat
from pathlib import Path

from callsheet.model.errors import CallsheetError
from callsheet.store import failures
from callsheet.store.connections import Synchronous, connect_to_read, connect_to_write
from callsheet.store.filelock import FileLock
from callsheet.store.hop import Connection
from callsheet.store.migrate import MIGRATIONS, bring_up, migrations_in
from callsheet.store.mounts import network_type
from callsheet.store.sqlite import SqliteStore

_OWN_FOLDER = ".callsheet"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


async def open_sqlite(
    path: Path,
    *,
    now_ms: int,
    synchronous: Synchronous = "FULL",
    busy_seconds: float = 10.0,
    allow_network_fs: bool = False,
    migrations: Path = MIGRATIONS,
) -> SqliteStore:
    """The store in the file at `path`, created or migrated as needed; close it when done.

    Its folder is created (0700, and `.callsheet` ignores itself in git), but not the folder above.
    The file is made private to its owner (0600). `now_ms` is wall time, for a backup's name;
    `busy_seconds` is how long a write may wait for its turn; `synchronous` is SQLite's.

    Errors: NOT_ALLOWED (symbolic link, network file system), BAD_ARGUMENT (no such place),
    STORE_NEWER, STORE_CORRUPT, STORE_READONLY, STORE_FULL, STORE_BUSY.
    """
    lock = FileLock(path.with_name(f"{path.name}.lock"))

    steps = migrations_in(migrations)

    def prepare_and_connect() -> sqlite3.Connection:
        with failures.Explained(path, system=True):
            _prepare_folder(path, allow_network_fs)
            bring_up(path, lock, steps, busy_seconds=busy_seconds, now_ms=now_ms)
            _make_private(path)
            try:
                return connect_to_write(path, synchronous, busy_seconds)
            except (sqlite3.OperationalError, UnicodeDecodeError) as error:
                told = failures.explain(error, path)  # what it can't explain is a damaged header
                raise told or failures.corrupt(path, f"SQLite says: {error}.") from error

    def connect_reader() -> sqlite3.Connection:
        with failures.Explained(path):
            return connect_to_read(path, busy_seconds)

    writer, reader = Connection(prepare_and_connect), Connection(connect_reader)
    try:
        await writer
        await reader
        return SqliteStore(
            path, writer, reader, lock, version=len(steps), busy_seconds=busy_seconds
        )
    except BaseException:
        await reader.discard()
        await writer.discard()
        lock.close()
        raise


def _prepare_folder(path: Path, allow_network_fs: bool) -> None:
    """Make the folder if it isn't there, and refuse places where a database can't be safe."""
    folder = path.parent
    files = [Path(f"{path}{suffix}") for suffix in ("", "-wal", "-shm", "-journal", ".lock")]
    for place in (folder, *files, failures.backups_folder(path)):
        if place.is_symlink():  # what is written there would land somewhere else
            raise CallsheetError(
                "NOT_ALLOWED",
                f"{place} is a symbolic link, and callsheet keeps its database in real places only.",
                "Remove the link; what it points at is left as it is.",
            )
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.name == _OWN_FOLDER and not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    kind = None if allow_network_fs else network_type(folder)
    if kind is not None:
        raise CallsheetError(
            "NOT_ALLOWED",
            f"{folder} is on a network file system ({kind}), where processes can't share an "
            "SQLite database safely.",
            "Keep the project on a local disk, or allow network file systems in the settings if "
            "all servers run on this one host and you accept the risk.",
        )


def _make_private(path: Path) -> None:
    """Nobody but the owner reads the plans; SQLite gives `-wal` and `-shm` the file's own mode."""
    if os.name == "nt":
        return
    for suffix in ("", "-wal", "-shm"):
        file = Path(f"{path}{suffix}")
        try:
            mode = file.stat().st_mode
            if mode & _OTHERS:
                file.chmod(stat.S_IMODE(mode) & ~_OTHERS)
        except (FileNotFoundError, PermissionError):
            continue  # not there, or somebody else's who shares it on purpose
