"""A connection on a thread of its own, and what runs there in one hop: a whole operation.

The threads are aiosqlite's. Three private names of it are used, and a test watches over them:
`_execute` runs a function on the thread, `_conn` is the connection that the function gets, and
`_thread` is made a daemon, so that a process can end although somebody who was stopped holds the
lock that the thread waits for.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

import aiosqlite
import anyio
import anyio.to_thread

from callsheet.store.port import Op, Rows, Statement, T

R = TypeVar("R")


class Connection(aiosqlite.Connection):
    """One SQLite connection and the thread it lives on. `connector` runs there too."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        self._thread.daemon = True

    async def hop(self, function: Callable[..., R], *args: Any) -> R:
        """Run `function(connection, *args)` on the thread, after what was asked for earlier."""
        execute: Callable[..., Awaitable[R]] = self._execute
        return await execute(function, self._conn, *args)

    async def discard(self) -> None:
        """Give up a connection, open or not, and wait for its thread.

        aiosqlite lets the thread of one that failed to open run on, and it would report to an
        event loop that may be closed by then.
        """
        await self.close()
        if self._thread.ident is not None:
            await to_the_end(anyio.to_thread.run_sync(self._thread.join))


def feed(connection: sqlite3.Connection, op: Op[T]) -> T:
    """Run the statements that `op` yields, hand it their rows, and answer what it returns."""
    rows: Rows | None = None
    try:
        while True:
            rows = _run(connection, next(op) if rows is None else op.send(rows))
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        op.close()


def _run(connection: sqlite3.Connection, statement: Statement) -> Rows:
    sql, params = statement
    try:
        if isinstance(params, dict | Mapping):  # nearly always a dict, which is told faster
            return connection.execute(sql, params).fetchall()
        connection.executemany(sql, params)
    except UnicodeDecodeError as error:  # from a damaged schema; not to be mistaken for the op's
        raise sqlite3.OperationalError(str(error)) from error
    return []


async def to_the_end(work: Coroutine[Any, Any, R]) -> R:
    """Await `work` until it is done, whoever is cancelled; the cancellation follows then."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is not None:
        raise cancelled
    return task.result()
