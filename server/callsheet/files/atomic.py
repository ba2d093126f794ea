"""Replacing a file as a whole: a reader sees the old content or the new one, never a mixture.

The new content goes to a temporary file beside the target, is synced, and takes the target's name
in one step; then the folder is synced too, so that the change survives a power cut.
"""

import errno
import itertools
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from callsheet.files import inside
from callsheet.files.swap import take_name
from callsheet.model.errors import CallsheetError

TEMPORARY = ".callsheet-tmp"
"""How the names of temporary files end, so that nobody takes one for the real thing."""

_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_READONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_serial = itertools.count()

Taking = Callable[[int, str, str], bool]
"""Gives a temporary file its name: open folder, temporary name, name; False to leave it."""


def replace(root: Path, relpath: str, data: bytes, *, mode: int = 0o666) -> None:
    """Give the file `relpath` below `root` the content `data`, whatever it held.

    Missing folders are made. An existing file's mode, and where possible its owner, are kept; a
    new one gets `mode` less the umask. On failure the file is as it was, and no temporary one
    stays behind.

    Errors: NOT_ALLOWED, BAD_ARGUMENT as in `inside`; STORE_FULL, STORE_READONLY; OSError.
    """
    _replace(root, relpath, data, mode, _take_by_rename)


def replace_seen(
    root: Path,
    relpath: str,
    data: bytes,
    seen: inside.Seen | None,
    *,
    checked: Callable[[], None] = lambda: None,
) -> bool:
    """As `replace`, but only if the file is still as it was `seen` (None: is still missing).

    False when somebody changed it since; their version then stands. `checked` is called between
    the last check and the change.
    """

    def take(parent: int, temporary: str, name: str) -> bool:
        return take_name(parent, temporary, name, seen, checked)

    return _replace(root, relpath, data, 0o666, take)


def clear_leftovers(root: Path, relpath: str) -> None:
    """Remove temporary files that killed processes left beside `relpath`.

    Only for whoever keeps all other writers of that file out meanwhile.
    """
    parts = inside.components(relpath)
    # This only tidies up: whatever is wrong with the folder shows when the file is written.
    with suppress(OSError), inside.folder(root, parts[:-1]) as parent:
        for name in os.listdir(parent):
            if name.startswith(f".{parts[-1]}.") and name.endswith(TEMPORARY):
                os.unlink(name, dir_fd=parent)


def _replace(root: Path, relpath: str, data: bytes, mode: int, take: Taking) -> bool:
    parts = inside.components(relpath)
    if not parts:
        raise inside.outside(relpath)
    try:
        with inside.folder(root, parts[:-1], create=True) as parent:
            return _replace_in(parent, parts[-1], relpath, data, mode, take)
    except OSError as error:
        raise _explained(error, relpath) from error


def _replace_in(parent: int, name: str, relpath: str, data: bytes, mode: int, take: Taking) -> bool:
    like = _existing(parent, name, relpath)
    temporary = f".{name}.{os.getpid()}-{next(_serial)}{TEMPORARY}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    file = os.open(temporary, flags, mode if like is None else 0o600, dir_fd=parent)
    try:
        _fill(file, data, like)
        taken = take(parent, temporary, name)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=parent)
    if taken:
        os.fsync(parent)
    return taken


def _existing(parent: int, name: str, relpath: str) -> os.stat_result | None:
    try:
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None
    inside.require_regular(status, relpath)
    return status


def _take_by_rename(parent: int, temporary: str, name: str) -> bool:
    os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
    return True


def _fill(file: int, data: bytes, like: os.stat_result | None) -> None:
    """Write, sync and close `file`."""
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        if like is not None:
            _resemble(file, like)
        os.fsync(file)
    finally:
        os.close(file)


def _resemble(file: int, like: os.stat_result) -> None:
    created = os.fstat(file)
    if (created.st_uid, created.st_gid) != (like.st_uid, like.st_gid):
        # Only the superuser may give files away; the content matters more than the owner.
        with suppress(PermissionError):
            os.fchown(file, like.st_uid, like.st_gid)
    os.fchmod(file, stat.S_IMODE(like.st_mode))


def _explained(error: OSError, relpath: str) -> Exception:
    if error.errno in _FULL:
        return CallsheetError(
            "STORE_FULL",
            f"There is no room to write {relpath!r}: {error.strerror}.",
            "Free disk space, or raise the quota or file size limit; then try again.",
        )
    if error.errno in _READONLY:
        return CallsheetError(
            "STORE_READONLY",
            f"{relpath!r} cannot be written: {error.strerror}.",
            "Make its folder writable for the user that runs callsheet.",
        )
    if error.errno == errno.ENAMETOOLONG:
        return CallsheetError(
            "BAD_ARGUMENT",
            f"The name of {relpath[-80:]!r} is too long.",
            "Give the file a shorter name.",
        )
    return error
