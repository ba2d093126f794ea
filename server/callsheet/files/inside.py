"""The only way callsheet opens a file that a plan or a caller names.

A path that looks harmless when it is checked may lead elsewhere when it is opened: somebody swaps
a folder for a link in between. So nothing is checked beforehand. Each component is opened relative
to the one before it, without following links, and what was opened is what is used. Whatever is
swapped during the call, the result lies inside the root or is refused.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from callsheet.model.errors import CallsheetError

_NOT_A_FOLDER_HERE = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EMLINK})
# These three do not exist on Windows, where `folder` refuses before it uses them.
_NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT: int = getattr(os, "O_NONBLOCK", 0)
_FOLDER: int = getattr(os, "O_DIRECTORY", 0)
# Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
_READ_FLAGS = os.O_RDONLY | _NO_FOLLOW | _NO_WAIT


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was at one moment. Two equal values mean that nobody touched it in between."""

    data: bytes
    device: int
    inode: int
    mtime_ns: int


def components(relpath: str) -> tuple[str, ...]:
    """The parts of a path relative to the root, with `/` between them.

    `.` and doubled slashes are dropped; the root itself is the empty tuple.
    Errors: NOT_ALLOWED for an absolute path or `..`, BAD_ARGUMENT for what cannot be a path.
    """
    try:
        encoded = os.fsencode(relpath)
    except UnicodeEncodeError:
        encoded = b"\0"
    if not relpath or b"\0" in encoded:
        raise CallsheetError(
            "BAD_ARGUMENT",
            f"{_shown(relpath)} cannot be a path.",
            "Give a path relative to the project root, such as .claudio/status.md.",
        )
    parts = tuple(part for part in relpath.split("/") if part not in ("", "."))
    if relpath.startswith("/") or ".." in parts:
        raise outside(relpath)
    return parts


def outside(relpath: str) -> CallsheetError:
    """The refusal of a path that would lead out of the project root."""
    return CallsheetError(
        "NOT_ALLOWED",
        f"{_shown(relpath)} does not lead straight to a file or folder below the project root.",
        "Name a regular file below the project root; links are not followed.",
    )


def too_large(what: str, limit: int) -> CallsheetError:
    """The refusal of a file, or of all files together, above `limit` bytes."""
    return CallsheetError(
        "TOO_LARGE",
        f"{_shown(what)} holds more than {limit:,} bytes.",
        "Split it into smaller files, or leave out what is not part of the plan.",
    )


@contextmanager
def folder(root: Path, parts: tuple[str, ...], *, create: bool = False) -> Iterator[int]:
    """An open descriptor of the folder `parts` below `root`, closed at the end.

    The root itself may be reached through links: it is the user's own choice. With `create`,
    folders that are missing are made, below the root only.
    Errors: NOT_ALLOWED for a link or something that is no folder; FileNotFoundError.
    """
    require_support()
    current = os.open(root, os.O_RDONLY | _FOLDER)
    try:
        for depth, part in enumerate(parts):
            following = step(current, part, "/".join(parts[: depth + 1]), create=create)
            os.close(current)
            current = following
        yield current
    finally:
        os.close(current)


def look(root: Path, relpath: str, limit: int) -> Seen | None:
    """A regular file's content and identity; None when there is no such file.

    `limit` is in bytes. Errors: NOT_ALLOWED (outside, link, pipe, device, folder), TOO_LARGE,
    BAD_ARGUMENT, and OSError for what the system refuses.
    """
    parts = components(relpath)
    if not parts:
        raise outside(relpath)
    try:
        with folder(root, parts[:-1]) as parent:
            return look_at(parent, parts[-1], relpath, limit)
    except FileNotFoundError:
        return None


def look_at(parent: int, name: str, relpath: str, limit: int) -> Seen:
    """As `look`, for a file of an open folder; `relpath` is for the messages only."""
    # Opening a device can have effects of its own, so its kind is asked first, and again after.
    try:
        require_regular(os.stat(name, dir_fd=parent, follow_symlinks=False), relpath)
        file = os.open(name, _READ_FLAGS, dir_fd=parent)
    except OSError as error:
        raise _refusal(error, relpath) from None
    try:
        status = os.fstat(file)
        require_regular(status, relpath)
        data = _read(file, limit, relpath)
    finally:
        os.close(file)
    return Seen(data, status.st_dev, status.st_ino, status.st_mtime_ns)


def read_bytes(root: Path, relpath: str, limit: int) -> bytes:
    """The content of a regular file below the root, at most `limit` bytes.

    Errors: as for `look`, and BAD_ARGUMENT when there is no such file.
    """
    seen = look(root, relpath, limit)
    if seen is None:
        raise CallsheetError(
            "BAD_ARGUMENT",
            f"There is no file {_shown(relpath)} in the project.",
            "Check the path; it is relative to the project root.",
        )
    return seen.data


def require_regular(status: os.stat_result, relpath: str) -> None:
    """Refuse links, folders, pipes, sockets and devices with NOT_ALLOWED."""
    if stat.S_ISLNK(status.st_mode):
        raise outside(relpath)
    if not stat.S_ISREG(status.st_mode):
        raise CallsheetError(
            "NOT_ALLOWED",
            f"{_shown(relpath)} is not a regular file.",
            "Name a regular file; folders, pipes, sockets and devices are not read.",
        )


def step(current: int, part: str, so_far: str, *, create: bool = False) -> int:
    """Open the folder `part` of an open folder; `so_far` is its path, for the messages only."""
    try:
        return os.open(part, os.O_RDONLY | _FOLDER | _NO_FOLLOW, dir_fd=current)
    except FileNotFoundError:
        if not create:
            raise
    except OSError as error:
        raise _refusal(error, so_far) from None
    try:
        os.mkdir(part, dir_fd=current)
    except FileExistsError:
        pass  # somebody else made it in the meantime; what it is shows when it is opened
    return step(current, part, so_far)


def _read(file: int, limit: int, relpath: str) -> bytes:
    pieces: list[bytes] = []
    left = limit + 1
    while left > 0 and (piece := os.read(file, min(left, 1 << 20))):
        pieces.append(piece)
        left -= len(piece)
    if left <= 0:
        raise too_large(relpath, limit)
    return b"".join(pieces)


def _refusal(error: OSError, relpath: str) -> Exception:
    if error.errno in _NOT_A_FOLDER_HERE:
        return outside(relpath)
    if error.errno == errno.EACCES:
        return CallsheetError(
            "NOT_ALLOWED",
            f"{_shown(relpath)} may not be read by the user that runs callsheet.",
            "Change its permissions, or leave it out.",
        )
    if error.errno == errno.ENAMETOOLONG:
        return CallsheetError(
            "BAD_ARGUMENT", "The path is too long.", "Give a path that the system can open."
        )
    return error


def require_support() -> None:
    """Refuse with NOT_ALLOWED on a system without the means to stay inside the root."""
    if os.open not in os.supports_dir_fd or not hasattr(os, "O_NOFOLLOW"):
        raise CallsheetError(
            "NOT_ALLOWED",
            "This system cannot open a file without following links on the way to it.",
            "Use Linux, macOS or the Windows Subsystem for Linux for plan and status files.",
        )


def _shown(path: str) -> str:
    return repr(path if len(path) <= 200 else f"{path[:200]}…")
