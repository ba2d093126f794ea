"""Every way in which SQLite and the disk fail, told to people: what happened and what to do.

Told apart by `sqlite_errorname` and `errno`, never by message. Each text names the path, the cure
and whether calling again can help. A file-size limit arrives as an error and not as a
signal because CPython ignores SIGXFSZ from its start; nothing may turn that back on.
"""

import errno
import os
import sqlite3
from pathlib import Path
from types import TracebackType

from callsheet.model.errors import CallsheetError

_FULL = {
    "SQLITE_FULL",
    "SQLITE_IOERR_WRITE",  # a file-size limit or a quota
    "SQLITE_IOERR_SHMSIZE",
    "SQLITE_IOERR_FSYNC",
    "SQLITE_IOERR_TRUNCATE",
}
_BUSY = {
    "SQLITE_BUSY",
    "SQLITE_BUSY_RECOVERY",
    "SQLITE_BUSY_TIMEOUT",
    "SQLITE_LOCKED",
    "SQLITE_PROTOCOL",
}
_READONLY = {"SQLITE_PERM", "SQLITE_AUTH", "SQLITE_IOERR_ACCESS", "SQLITE_IOERR_SHMOPEN"}
_FULL_ERRNO = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READONLY_ERRNO = {errno.EACCES, errno.EPERM, errno.EROFS}


class Explained:
    """`with Explained(path):` turns what fails on the database at `path` into a `CallsheetError`.

    Only SQLite's errors, and with `system` the operating system's too; all else passes unchanged.
    It holds no state, so one instance serves any number of calls and threads.
    """

    __slots__ = ("_path", "_system")

    def __init__(self, path: Path, *, system: bool = False) -> None:
        self._path = path
        self._system = system

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        told = None
        if isinstance(error, sqlite3.Error):
            told = explain(error, self._path)
        elif self._system and isinstance(error, OSError):
            told = explain_os(error, self._path)
        if told is not None:
            raise told from error


def explain(error: sqlite3.Error | UnicodeDecodeError, path: Path) -> CallsheetError | None:
    """What `error` on the database at `path` means, or None when it is a fault in our own SQL.

    Damaged text reaches Python as a UnicodeDecodeError or as an OperationalError without a name.
    """
    name = getattr(error, "sqlite_errorname", None) or ""
    if isinstance(error, sqlite3.OperationalError | UnicodeDecodeError) and not name:
        return corrupt(path, "It contains text that is not UTF-8.")
    if name == "SQLITE_BUSY_SNAPSHOT":
        return late_write(path)
    if name in _BUSY:
        return busy_elsewhere(path)
    if name in _FULL:
        return full(path)
    if name == "SQLITE_READONLY_DBMOVED":
        return gone(path)
    if name == "SQLITE_CANTOPEN" or name.startswith("SQLITE_CANTOPEN_"):
        return cannot_open(path)
    if name in _READONLY or name.startswith("SQLITE_READONLY"):
        return readonly(path)
    if name == "SQLITE_NOTADB" or name.startswith("SQLITE_CORRUPT"):
        return corrupt(path, f"SQLite says {name}.")
    if name.startswith("SQLITE_IOERR"):
        return corrupt(path, f"The disk under it could not be read or written ({name}).")
    return None


def explain_os(error: OSError, path: Path) -> CallsheetError | None:
    """What the system's `error` on `path` means, or None when it is nothing of the disk's."""
    if error.errno in _FULL_ERRNO:
        return full(path)
    if error.errno in _READONLY_ERRNO:
        return readonly(path)
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR):
        return cannot_open(path)
    return None


def busy(path: Path, holder: int | None) -> CallsheetError:
    """The lock was not to be had in time; nothing was done, nor will be."""
    who = f"Process {holder}" if holder else "Another process"
    return CallsheetError(
        "STORE_BUSY",
        f"{who} holds the lock on {path} for too long; nothing was changed.",
        "The same call is safe to repeat. If it goes on, look at that process: it may be stopped, "
        "and ending it frees the lock.",
    )


def busy_elsewhere(path: Path) -> CallsheetError:
    """A program that is not callsheet has SQLite's own lock."""
    return CallsheetError(
        "STORE_BUSY",
        f"Another program has {path} locked; nothing was changed.",
        "The same call is safe to repeat. Close other programs that have this file open, such as "
        "a database browser with an unfinished change.",
    )


def late_write(path: Path) -> CallsheetError:
    """A transaction that began as a read and wrote later: only a fault of callsheet's does that."""
    return CallsheetError(
        "STORE_BUSY",
        f"A read of {path} tried to become a write after somebody else had written.",
        "The same call is safe to repeat. This is a fault in callsheet: please report it.",
    )


def full(path: Path) -> CallsheetError:
    """No room left: the disk, a quota, or the limit on the size of a file."""
    return CallsheetError(
        "STORE_FULL",
        f"{path} cannot grow: {_room(path.parent)}. The change was rolled back, nothing is lost.",
        "Free some space on that disk, or raise the quota or file-size limit (ulimit -f); then "
        "repeat the call. Reading goes on meanwhile, and no restart is needed.",
    )


def readonly(path: Path) -> CallsheetError:
    """The file or its folder can't be written by us."""
    return CallsheetError(
        "STORE_READONLY",
        f"{path} cannot be written.",
        f"Make the file and its folder {path.parent} writable for the user who runs callsheet "
        "(its -wal and -shm files stand beside it), or use another project folder. "
        "Repeating the call does not help before that.",
    )


def cannot_open(path: Path) -> CallsheetError:
    """SQLite or the system can't open it: say which of the reasons holds."""
    if path.is_dir():
        return CallsheetError(
            "BAD_ARGUMENT", f"{path} is a folder, not a database file.", "Name a file in a folder."
        )
    if not path.parent.is_dir():
        return CallsheetError(
            "BAD_ARGUMENT",
            f"{path} has no place: {path.parent} is not a folder that exists.",
            "Create the project folder first, or correct the path.",
        )
    return readonly(path)


def corrupt(path: Path, why: str) -> CallsheetError:
    """Not ours, or damaged: stop, never recreate."""
    last = last_backup(path)
    backup = f"The last backup is {last}." if last else "There is no backup beside it."
    return CallsheetError(
        "STORE_CORRUPT",
        f"{path} is not a usable callsheet database. {why}",
        f"It was left as it is. Stop all servers of this project, move the file away together with "
        f"its -wal and -shm files, and put a backup in its place or start afresh. {backup}",
    )


def newer(path: Path, found: int, known: int) -> CallsheetError:
    """Written by a later callsheet than this one."""
    return CallsheetError(
        "STORE_NEWER",
        f"{path} has schema version {found}, and this callsheet knows versions up to {known}.",
        "Update callsheet and restart this server. The file was left as it is.",
    )


def gone(path: Path) -> CallsheetError:
    """The file that was opened is no longer the one under this name."""
    return CallsheetError(
        "STORE_GONE",
        f"{path} was deleted or replaced while it was open; nothing more was written to it.",
        "Put the file back if it was moved by mistake, then restart this server (reconnect the "
        "client) to go on with the file that is there.",
    )


def backups_folder(path: Path) -> Path:
    """Where the backups of the database at `path` are kept."""
    return path.parent / "backups"


def last_backup(path: Path) -> Path | None:
    """The newest backup of the database at `path`; names sort by time."""
    return max(backups_folder(path).glob(f"{path.stem}-*.db"), default=None)


def _room(folder: Path) -> str:
    try:
        stat = os.statvfs(folder)
    except (OSError, AttributeError):  # AttributeError: Windows
        return "the disk is full or a limit is reached"
    return f"{stat.f_bavail * stat.f_frsize:,} bytes are free on its disk"
