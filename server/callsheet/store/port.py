"""What the engine asks of a database, and what a database promises.

An operation is a plain generator: it yields `(sql, params)`, receives the rows of that statement,
and returns its result. It does no I/O of its own, so one text serves every engine and a test
can feed it by hand. SQL is in the common subset of SQLite and PostgreSQL, parameters are named
(`:name`); all times are integers in milliseconds.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Params = Mapping[str, Any]
Row = tuple[Any, ...]
Rows = list[Row]
Statement = tuple[str, Params] | tuple[str, Sequence[Params]]
"""One statement. With a sequence of parameter sets it runs once for each and answers no rows."""
Op = Generator[Statement, Rows, T]


class Store(Protocol):
    """One project's database. Safe to use from many tasks of one event loop.

    Errors are `CallsheetError` with a STORE_* code; every statement of a failed transaction is
    undone. Any other exception that an operation raises rolls back and comes out unchanged.
    """

    async def write(
        self, op: Callable[[], Op[T]], unless: Callable[[], Op[T | None]] | None = None
    ) -> T:
        """Run `op` in one write transaction, alone among all processes, and commit it durably.

        When this returns, the effect survives a crash (`synchronous=FULL`). `unless`, when given,
        is first run as a read outside the lock: a value other than None is returned at once and
        `op` never runs. That is how idle agents look for work without writing.
        `op` is called anew for each try, so it must not keep state between calls.
        A cancelled caller: the transaction either commits whole or not at all; `write` itself
        waits until that is decided.

        Errors: STORE_BUSY (another process holds the lock for too long; retry), STORE_FULL,
        STORE_READONLY, STORE_CORRUPT, STORE_NEWER, STORE_GONE (file deleted or replaced).
        """
        ...

    async def read(self, op: Callable[[], Op[T]]) -> T:
        """Run `op` on one consistent snapshot. Never waits for writers. Errors as for `write`."""
        ...

    async def close(self) -> None:
        """Close cleanly; the store is unusable afterwards. Safe to call twice."""
        ...
