"""The port on SQLite: each operation runs whole in one hop on a connection's own thread.

Two connections: the writer, behind the file lock that all processes share, and a reader that can't
write, so that reads go on while a write waits for its turn. `store.hop` has their threads.

Who waits too long gives its turn up. A turn is either taken by the thread or given up by the
caller, never both, so an operation that was answered STORE_BUSY doesn't run later.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Generic

import anyio

from callsheet.store import failures
from callsheet.store.filelock import FileLock
from callsheet.store.hop import Connection, feed, to_the_end
from callsheet.store.port import Op, T

_CLOSE_SECONDS = 1.0


class Turn(Generic[T]):
    """A write's right to run: whoever takes it first, the thread or the waiting caller, has it.

    Once the thread has it, `result` or `error` will tell what came of it.
    """

    __slots__ = ("_free", "error", "result")

    def __init__(self) -> None:
        self._free = Lock()  # its acquire is the one atomic step that both sides can take
        self.result: T
        self.error: BaseException | None = None

    def take(self) -> bool:
        """Whether it is yours now; True for the first caller only."""
        return self._free.acquire(blocking=False)

    def is_taken(self) -> bool:
        return self._free.locked()

    def outcome(self) -> T:
        if self.error is not None:
            raise self.error
        return self.result


class _GivenUp(Exception):
    """The caller no longer waits. Nobody sees this."""


class SqliteStore:
    """See `store.port.Store`. `store.opening.open_sqlite` makes it and opens both connections.

    `version` is the schema that this process knows; `busy_seconds` how long a write may wait.
    """

    def __init__(
        self,
        path: Path,
        writer: Connection,
        reader: Connection,
        lock: FileLock,
        *,
        version: int,
        busy_seconds: float,
    ) -> None:
        self.path = path
        self._version = version
        self._name = str(path)
        self._writer = writer
        self._reader = reader
        self._lock = lock
        self._busy_seconds = busy_seconds
        opened = os.stat(path)
        self._identity = (opened.st_dev, opened.st_ino)
        self._explained = failures.Explained(path)
        self._closed = False

    async def write(
        self, op: Callable[[], Op[T]], unless: Callable[[], Op[T | None]] | None = None
    ) -> T:
        """See the port. Who has no turn within `busy_seconds` gets STORE_BUSY."""
        turn: Turn[T] = Turn()
        try:
            with anyio.move_on_after(self._busy_seconds):
                return await self._writer.hop(self._run_write, turn, op, unless)
        except asyncio.CancelledError:
            if not turn.take():
                await to_the_end(self._writer.hop(_nothing))
            raise
        if turn.take():
            raise failures.busy(self.path, self._lock.holder())
        await to_the_end(self._writer.hop(_nothing))  # it began in time and may take longer
        return turn.outcome()

    async def read(self, op: Callable[[], Op[T]]) -> T:
        """See the port."""
        return await self._reader.hop(self._run_read, op)

    async def close(self) -> None:
        """See the port. The last connection to close checkpoints, hence the lock.

        When the lock isn't to be had, its holder has the database open; then SQLite itself
        leaves the checkpoint to that one.
        """
        if self._closed:
            return
        self._closed = True
        await to_the_end(self._close())

    async def _close(self) -> None:
        with anyio.move_on_after(self._busy_seconds + _CLOSE_SECONDS):
            await self._reader.close()
            await self._writer.hop(self._close_writer)
            await self._writer.close()

    def _run_write(
        self,
        connection: sqlite3.Connection,
        turn: Turn[T],
        op: Callable[[], Op[T]],
        unless: Callable[[], Op[T | None]] | None,
    ) -> T:
        """Everything of one write, on the writer's thread."""
        try:
            with self._explained:
                early = None if unless is None else self._run_read(connection, unless)
                turn.result = self._run_locked(connection, turn, op) if early is None else early
            return turn.result
        except BaseException as error:
            turn.error = error
            raise

    def _run_locked(
        self, connection: sqlite3.Connection, turn: Turn[T], op: Callable[[], Op[T]]
    ) -> T:
        if turn.is_taken():
            raise _GivenUp
        self._check_identity()  # or a lock file would be made in a place that was given up
        with failures.Explained(self.path, system=True):
            self._lock.acquire()
        try:
            self._check_identity()
            connection.execute("BEGIN IMMEDIATE")
            try:
                if not turn.take():
                    raise _GivenUp
                self._check_version(connection)
                result = feed(connection, op())
                connection.execute("COMMIT")
                return result
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        finally:
            self._lock.release()

    def _run_read(self, connection: sqlite3.Connection, op: Callable[[], Op[T]]) -> T:
        self._check_identity()
        with self._explained:
            connection.execute("BEGIN")
            try:
                self._check_version(connection)
                return feed(connection, op())
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _check_identity(self) -> None:
        """SQLite goes on writing into a file that was deleted: notice it, it costs 1 or 2 µs."""
        try:
            now = os.stat(self._name)
        except FileNotFoundError:
            raise failures.gone(self.path) from None
        if (now.st_dev, now.st_ino) != self._identity:
            raise failures.gone(self.path)

    def _check_version(self, connection: sqlite3.Connection) -> None:
        """A newer callsheet may have migrated the database since this process opened it (5 µs)."""
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found > self._version:
            raise failures.newer(self.path, found, self._version)
        if found < self._version:  # an old copy was written over it in place
            raise failures.gone(self.path)

    def _close_writer(self, connection: sqlite3.Connection) -> None:
        try:
            locked = self._lock.acquire_within(_CLOSE_SECONDS)
        except OSError:  # the folder is gone, and the lock with it
            locked = False
        connection.close()
        if locked:
            self._lock.release()
        self._lock.close()


def _nothing(connection: sqlite3.Connection) -> None:
    """A barrier: when it has run, all that was queued before it is decided."""
