"""Taking over a name in a folder without losing what somebody else puts there in that moment.

`rename` destroys whatever has the name, also an edit that was saved a microsecond before. So the
two files exchange their names in one step; then the file that came out is compared with what it
should have been, and if somebody was faster, the names are exchanged back. What remains is that a program
which reads the file again within those few microseconds sees callsheet's version of it.
"""

import errno
import os
import sys
from collections.abc import Callable
from functools import cache

from callsheet.files import inside
from callsheet.model.errors import CallsheetError

_EXCHANGE = 2
"""RENAME_EXCHANGE on Linux and RENAME_SWAP on macOS: the same number by chance."""
_UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})
_NO_LINKS = _UNSUPPORTED | {errno.EPERM, errno.EMLINK}


def take_name(
    parent: int,
    temporary: str,
    name: str,
    seen: inside.Seen | None,
    checked: Callable[[], None] = lambda: None,
) -> bool:
    """Give the file `temporary` the name `name`, if what has the name is still `seen`.

    Both are in the open folder `parent`; None means that nothing had the name. Afterwards
    `temporary` may exist, as the old file, and is the caller's to remove. False: nothing changed.
    Where the file system cannot exchange names, the check is made right before a plain rename.
    `checked` is called between the check and the change.
    """
    if not _is_still(parent, name, seen):
        return False
    checked()
    if seen is None:
        return _take_free(parent, temporary, name)
    try:
        return _take_from(parent, temporary, name, seen)
    except FileNotFoundError:
        return False  # the file was removed a moment ago


def _take_from(parent: int, temporary: str, name: str, seen: inside.Seen) -> bool:
    placed = _identity(parent, temporary)
    if not _exchange(parent, temporary, name):
        os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
        return True
    if _is_still(parent, temporary, seen):
        return True
    # Somebody was faster: their file goes back. What comes out then is what was put in before,
    # or else something newer still, which goes back in its turn.
    while True:
        taken_out = _identity(parent, temporary)
        _exchange(parent, temporary, name)
        if _identity(parent, temporary) == placed:
            return False
        placed = taken_out


def _identity(parent: int, name: str) -> tuple[int, int]:
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    return status.st_dev, status.st_ino


def _is_still(parent: int, name: str, seen: inside.Seen | None) -> bool:
    limit = len(seen.data) if seen else 0
    try:
        return inside.look_at(parent, name, name, limit) == seen
    except FileNotFoundError:
        return seen is None
    except (CallsheetError, OSError):
        return False  # larger now, or a link, or unreadable: in any case not what it was


def _take_free(parent: int, temporary: str, name: str) -> bool:
    try:
        os.link(temporary, name, src_dir_fd=parent, dst_dir_fd=parent, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
    return True


def _exchange(parent: int, one: str, other: str) -> bool:
    """Exchange two names of the open folder in one step; False when that cannot be done here."""
    rename = _system_call()
    if rename is None:
        return False
    failed = rename(parent, os.fsencode(one), parent, os.fsencode(other), _EXCHANGE)
    if not failed:
        return True
    import ctypes

    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), other)


@cache
def _system_call() -> Callable[[int, bytes, int, bytes, int], int] | None:
    """The C library's function; Python has none of its own for it."""
    import ctypes

    name = "renameatx_np" if sys.platform == "darwin" else "renameat2"
    function = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if function is None:
        return None
    function.argtypes = (
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_uint,
    )
    function.restype = ctypes.c_int

    def rename(from_folder: int, old: bytes, to_folder: int, new: bytes, flags: int) -> int:
        return int(function(from_folder, old, to_folder, new, flags))

    return rename
