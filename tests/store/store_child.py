"""What the processes of the store's tests do: each function is one, called by name."""

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio.lowlevel
from store.store_ops import MIGRATIONS, add, count

from callsheet.model.errors import CallsheetError
from callsheet.store import migrate
from callsheet.store.filelock import FileLock
from callsheet.store.opening import open_sqlite
from callsheet.store.port import Op

NOBODY = 65534


def say(words: object) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


async def add_many(path: str, times: str) -> None:
    store = await open_sqlite(Path(path), now_ms=0, migrations=MIGRATIONS)
    for _ in range(int(times)):
        await store.write(add)
    await store.close()


async def hold(path: str) -> None:
    """Adds one, and stands in the middle of the transaction until a line comes in."""

    def op() -> Op[int]:
        rows = yield "UPDATE counter SET n = n + 1 WHERE name = 'a' RETURNING n", {}
        say("holding")
        sys.stdin.readline()
        return int(rows[0][0])

    store = await open_sqlite(Path(path), now_ms=0, migrations=MIGRATIONS)
    await store.write(op)
    await store.close()


async def write_once(path: str, busy_seconds: str, migrations: Path = MIGRATIONS) -> None:
    try:
        store = await open_sqlite(
            Path(path), now_ms=0, migrations=migrations, busy_seconds=float(busy_seconds)
        )
    except CallsheetError as error:
        say(error.code)
        return
    try:
        say(await store.write(add))
    except CallsheetError as error:
        say(error.code)
    await store.close()


async def write_once_without_rights(path: str, busy_seconds: str) -> None:
    """As `write_once`, after root has become nobody: permissions don't bind root."""
    await anyio.lowlevel.checkpoint()  # anyio and pathlib load what they load late, while they
    Path(path).as_uri()  # may still read it
    os.chdir(MIGRATIONS)  # the way there may be closed to others, as in a private checkout
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    await write_once(path, busy_seconds, Path("."))


async def outgrow(folder: str, *sizes: str) -> None:
    """For each file-size limit: write until refused, read, be given room, write again."""
    for size in sizes:
        say(f"{size} {await outgrow_one(Path(folder) / size / 'state.db', int(size))}")


async def outgrow_one(path: Path, size: int) -> str:
    def note() -> Op[None]:
        yield "INSERT INTO note (counter, text) VALUES ('a', :text)", {"text": "x" * 5_000}

    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    code, written = "none", 0
    try:
        store = await open_sqlite(path, now_ms=0, migrations=MIGRATIONS)
    except CallsheetError as error:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        store = await open_sqlite(path, now_ms=0, migrations=MIGRATIONS)
        code = f"{error.code} at the start"
    try:
        while written < 100 and code == "none":
            await store.write(note)
            written += 1
    except CallsheetError as error:
        code = error.code
    kept = await store.read(count) == written
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    await store.write(note)
    healed = await store.read(count) == written + 1
    await store.close()
    return f"{code}, {'kept' if kept else 'LOST'}, {'healed' if healed else 'BROKEN'}"


async def migrate_and_die(path: str, folder: str, at: str) -> None:
    """Brings the database up to date and is killed before the statement number `at`."""
    left = int(at)
    play = migrate.statements_of

    def counting(script: str) -> Iterator[str]:
        nonlocal left
        for statement in play(script):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            yield statement

    migrate.statements_of = counting
    lock = FileLock(Path(f"{path}.lock"))
    steps = migrate.migrations_in(Path(folder))
    migrate.bring_up(Path(path), lock, steps, busy_seconds=5, now_ms=0)


if __name__ == "__main__":
    asyncio.run(globals()[sys.argv[1]](*sys.argv[2:]))
