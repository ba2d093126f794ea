"""One lock for all processes that write one database: a file beside it, locked from BEGIN to COMMIT.

SQLite's own lock is no queue: waiters sleep, and the lucky process keeps it. The kernel's file
lock lets them wait in line. It also keeps commits and checkpoints of different processes apart,
which SQLite before 3.51.3 needs to be safe from the WAL-reset bug. The file holds the process id
of whoever has or had the lock last, so that somebody who waited too long can be told who it is.
"""

import os
import sys
import time
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    _FAR = 1 << 30  # locked bytes can't be read by others on Windows, so not those of the pid

    def _try_lock(fd: int) -> bool:
        os.lseek(fd, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _wait_lock(fd: int) -> None:
        while not _try_lock(fd):
            time.sleep(_POLL_SECONDS)

    def _unlock(fd: int) -> None:
        os.lseek(fd, _FAR, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

    def _sign(fd: int, pid: bytes) -> None:
        os.lseek(fd, 0, os.SEEK_SET)
        os.write(fd, pid)
else:
    import fcntl

    def _try_lock(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait_lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX)

    def _unlock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)

    def _sign(fd: int, pid: bytes) -> None:
        if os.pread(fd, len(pid), 0) != pid:  # reading is cheaper, and mostly all it takes
            os.pwrite(fd, pid, 0)


_POLL_SECONDS = 0.01
_PID_WIDTH = 20  # fixed, so that a shorter pid overwrites a longer one whole


class FileLock:
    """An exclusive lock on `path`, opened, and created (0600) if need be, when first taken.

    Not reentrant, and for one thread at a time; `holder` may be called from anywhere.
    Two instances exclude each other in one process too. OSError when the file can't be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = str(path)
        self._fd = -1

    def acquire(self) -> None:
        """Wait in line for as long as it takes. Blocks the thread and can't be interrupted."""
        self._open()
        while True:
            if not _try_lock(self._fd):
                _wait_lock(self._fd)
            if self._is_current():
                return

    def acquire_within(self, seconds: float) -> bool:
        """Try for at most `seconds`, without a place in line; False when it wasn't to be had."""
        self._open()
        deadline = time.monotonic() + seconds
        while True:
            if _try_lock(self._fd) and self._is_current():
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)

    def release(self) -> None:
        """Let the next one in."""
        _unlock(self._fd)

    def holder(self) -> int | None:
        """The process that has the lock now or had it last; None when nobody ever had."""
        try:
            return int(self._path.read_bytes())
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        """Give up the file, and with it the lock if it is held. Safe to call twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _open(self) -> None:
        if self._fd >= 0:
            return
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        self._fd = os.open(self._name, flags, 0o600)
        self._inode = os.fstat(self._fd).st_ino
        self._pid = b"%-*d" % (_PID_WIDTH, os.getpid())

    def _is_current(self) -> bool:
        """Whether the lock just taken is on the file that others will find under this name.

        People delete lock files that look stale; then this takes up the new one.
        """
        try:
            current = os.stat(self._name).st_ino == self._inode
        except FileNotFoundError:
            current = False
        if not current:
            self.close()
            self._open()
            return False
        _sign(self._fd, self._pid)
        return True
