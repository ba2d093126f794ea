"""Each row of the error map, provoked for real on SQLite where this machine can do it."""

import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from store.store_ops import (
    MIGRATIONS,
    NOTE,
    OpenStore,
    add,
    child,
    content,
    count,
    damage,
    ended,
    spoil,
)

from callsheet.model.errors import CallsheetError, Code
from callsheet.store import failures
from callsheet.store.opening import open_sqlite
from callsheet.store.port import Op
from callsheet.store.sqlite import SqliteStore


async def open_own(path: Path, busy_seconds: float = 10) -> SqliteStore:
    return await open_sqlite(path, now_ms=0, migrations=MIGRATIONS, busy_seconds=busy_seconds)


async def refused(path: Path) -> CallsheetError:
    """How opening `path` is refused."""
    with pytest.raises(CallsheetError) as caught:
        await open_own(path)
    assert str(path) in caught.value.what or str(path.parent) in caught.value.what
    return caught.value


@pytest.fixture
async def written(path: Path) -> AsyncIterator[Path]:
    """A database with one write in it, which nobody has open."""
    store = await open_own(path)
    await store.write(add)
    await store.close()
    yield path


@pytest.fixture
def foreign_place() -> Iterator[Path]:
    """A folder that a user without rights can reach; those of pytest are closed to others."""
    folder = Path(tempfile.mkdtemp())
    yield folder
    for place in (folder, *folder.iterdir()):
        place.chmod(0o700)
    shutil.rmtree(folder)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user can't mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_file_size_limit_is_store_full_at_any_size_and_heals_without_a_restart(
    tmp_path: Path,
) -> None:
    early = [10, 100, 4096, 20_000]
    late = [33_000, 70_000, 100_001, 150_000, 250_000]
    lines = ended(child("outgrow", tmp_path, *early, *late)).splitlines()
    at_start = [f"{size} STORE_FULL at the start, kept, healed" for size in early]
    assert lines == at_start + [f"{size} STORE_FULL, kept, healed" for size in late]


async def test_a_full_disk_is_store_full_reads_go_on_and_it_heals(small_disk: Path) -> None:
    store = await open_own(small_disk / ".callsheet" / "state.db")
    spoil(small_disk / "ballast", b"x" * 600_000)

    def note() -> Op[None]:
        yield NOTE, {"text": "x" * 50_000}

    with pytest.raises(CallsheetError) as caught:
        for _ in range(50):
            await store.write(note)
    assert caught.value.code == "STORE_FULL"
    assert "bytes are free" in caught.value.what
    before = await store.read(count)
    os.unlink(small_disk / "ballast")
    await store.write(note)
    assert await store.read(count) == before + 1
    await store.close()


@pytest.mark.parametrize("fresh", [True, False])
async def test_a_folder_that_cannot_be_written_is_store_readonly(
    foreign_place: Path, fresh: bool
) -> None:
    path = foreign_place / ".callsheet" / "state.db"
    if not fresh:
        await (await open_own(path)).close()
        os.chmod(path.parent, 0o555)
        os.chmod(path, 0o444)
    os.chmod(foreign_place, 0o555)
    assert ended(child("write_once_without_rights", path, 1)) == "STORE_READONLY\n"


async def test_another_programs_lock_is_store_busy(written: Path) -> None:
    store = await open_own(written, busy_seconds=0.05)
    with closing(sqlite3.connect(written, isolation_level=None)) as browser:
        browser.execute("BEGIN IMMEDIATE")
        with pytest.raises(CallsheetError, match="STORE_BUSY"):
            await store.write(add)
        assert await store.read(count) == 1
        browser.execute("ROLLBACK")
    assert await store.write(add) == 2
    await store.close()


async def test_a_lock_of_another_program_is_told_as_such(written: Path) -> None:
    with (
        closing(sqlite3.connect(written, isolation_level=None)) as browser,
        closing(sqlite3.connect(written, isolation_level=None, timeout=0)) as we,
    ):
        browser.execute("BEGIN IMMEDIATE")
        with pytest.raises(CallsheetError) as caught, failures.Explained(written):
            we.execute("BEGIN IMMEDIATE")
    assert caught.value.code == "STORE_BUSY"
    assert "Another program" in caught.value.what


async def test_a_read_that_turns_into_a_write_is_owned_up_to_as_a_fault(written: Path) -> None:
    with (
        closing(sqlite3.connect(written, isolation_level=None)) as other,
        closing(sqlite3.connect(written, isolation_level=None)) as we,
    ):
        we.execute("BEGIN")
        we.execute("SELECT n FROM counter").fetchall()
        other.execute("UPDATE counter SET n = 5")
        with pytest.raises(CallsheetError) as caught, failures.Explained(written):
            we.execute("UPDATE counter SET n = 6")
    assert "fault in callsheet" in caught.value.next


async def test_a_deleted_database_is_store_gone_for_writes_and_reads(written: Path) -> None:
    store = await open_own(written)
    os.unlink(written)
    for call in (store.write(add), store.write(add, unless=count), store.read(count)):
        with pytest.raises(CallsheetError, match="STORE_GONE"):
            await call
    await store.close()


async def test_a_deleted_folder_is_store_gone(written: Path) -> None:
    store = await open_own(written)
    shutil.rmtree(written.parent)
    with pytest.raises(CallsheetError, match="STORE_GONE"):
        await store.write(add)
    await store.close()


async def test_a_replaced_database_is_store_gone_and_the_new_one_is_not_touched(
    written: Path,
) -> None:
    store = await open_own(written)
    copy = written.with_name("copy.db")
    shutil.copy(written, copy)
    os.replace(copy, written)
    before = content(written)
    for call in (store.write(add), store.read(count)):
        with pytest.raises(CallsheetError, match="STORE_GONE"):
            await call
    await store.close()
    assert content(written) == before


async def test_an_older_copy_written_over_the_open_database_is_store_gone(written: Path) -> None:
    store = await open_own(written)
    with closing(sqlite3.connect(written, isolation_level=None)) as other:
        other.execute("PRAGMA user_version = 1")
    for call in (store.write(add), store.read(count)):
        with pytest.raises(CallsheetError, match="STORE_GONE"):
            await call
    await store.close()


async def test_garbage_is_store_corrupt_points_at_the_last_backup_and_is_left_alone(
    written: Path,
) -> None:
    backups = written.parent / "backups"
    backups.mkdir()
    for name in ("state-20260101T000000.000Z-v2.db", "state-20260102T000000.000Z-v2.db"):
        spoil(backups / name, b"")
    spoil(written, b"This is no database, whatever its name says.\n" * 100)
    before = content(written)
    error = await refused(written)
    assert error.code == "STORE_CORRUPT"
    assert "state-20260102T000000.000Z-v2.db" in error.next
    assert content(written) == before


async def test_a_few_bytes_of_garbage_are_store_corrupt_too(written: Path) -> None:
    spoil(written, b"x")
    assert (await refused(written)).code == "STORE_CORRUPT"
    assert content(written) == b"x"


async def test_a_damaged_page_is_store_corrupt(written: Path) -> None:
    damage(written)
    store = await open_own(written)
    for call in (store.read(count), store.write(add)):
        with pytest.raises(CallsheetError, match="STORE_CORRUPT"):
            await call
    await store.close()


async def test_text_that_is_no_text_is_store_corrupt(written: Path) -> None:
    with closing(sqlite3.connect(written)) as connection, connection:
        connection.execute("INSERT INTO note (counter, text) VALUES ('a', CAST(x'ff' AS TEXT))")
    store = await open_own(written)
    with pytest.raises(CallsheetError, match=r"STORE_CORRUPT.*UTF-8"):
        await store.read(notes)
    await store.close()


async def test_a_file_with_any_bit_flipped_or_cut_anywhere_works_or_is_refused_with_a_code(
    written: Path,
) -> None:
    """SQLite keeps no checksums, so a flipped bit inside a value goes unseen; nothing crashes."""
    whole, chance = content(written), random.Random(20260101)
    codes = set()
    for number in range(60):
        broken = bytearray(whole[: chance.randrange(len(whole))] if number % 3 == 0 else whole)
        if broken:
            broken[chance.randrange(min(len(broken), 100 if number % 3 == 1 else 10**9))] ^= 128
        path = written.parent.with_name(f"broken{number}") / "state.db"
        os.mkdir(path.parent)
        spoil(path, bytes(broken))
        codes.add(await outcome_of_use(path))
    assert codes <= {"works", "STORE_CORRUPT", "STORE_NEWER", "STORE_READONLY"}
    assert {"works", "STORE_CORRUPT"} <= codes


async def outcome_of_use(path: Path) -> str:
    try:
        store = await open_own(path)
    except CallsheetError as error:
        return error.code
    try:
        await store.read(notes)
        await store.write(add)
        return "works"
    except CallsheetError as error:
        return error.code
    finally:
        await store.close()


async def test_a_path_that_is_a_folder_is_refused_as_such(path: Path) -> None:
    os.makedirs(path)
    error = await refused(path)
    assert (error.code, "is a folder" in error.what) == ("BAD_ARGUMENT", True)


async def test_a_project_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    error = await refused(tmp_path / "nowhere" / ".callsheet" / "state.db")
    assert (error.code, "not a folder that exists" in error.what) == ("BAD_ARGUMENT", True)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("SQLITE_FULL", "STORE_FULL"),
        ("SQLITE_IOERR_WRITE", "STORE_FULL"),
        ("SQLITE_IOERR_SHMSIZE", "STORE_FULL"),
        ("SQLITE_READONLY", "STORE_READONLY"),
        ("SQLITE_READONLY_DIRECTORY", "STORE_READONLY"),
        ("SQLITE_READONLY_DBMOVED", "STORE_GONE"),
        ("SQLITE_CANTOPEN", "STORE_READONLY"),
        ("SQLITE_BUSY", "STORE_BUSY"),
        ("SQLITE_BUSY_SNAPSHOT", "STORE_BUSY"),
        ("SQLITE_LOCKED", "STORE_BUSY"),
        ("SQLITE_NOTADB", "STORE_CORRUPT"),
        ("SQLITE_CORRUPT_INDEX", "STORE_CORRUPT"),
        ("SQLITE_IOERR_READ", "STORE_CORRUPT"),
    ],
)
def test_every_name_of_the_error_map_names_the_path_and_a_cure(
    tmp_path: Path, name: str, code: Code
) -> None:
    """Simulated by the name alone: not all of them can be provoked here at will."""
    fault = sqlite3.OperationalError("the text does not matter")
    fault.sqlite_errorname = name
    told = failures.explain(fault, tmp_path / "state.db")
    assert told is not None
    assert told.code == code
    assert str(tmp_path / "state.db") in told.what
    assert told.next


@pytest.mark.parametrize("name", ["SQLITE_ERROR", "SQLITE_CONSTRAINT_CHECK"])
def test_a_fault_of_our_own_statements_is_not_blamed_on_the_disk(tmp_path: Path, name: str) -> None:
    fault = sqlite3.OperationalError("no such column")
    fault.sqlite_errorname = name
    assert failures.explain(fault, tmp_path / "state.db") is None


async def test_the_event_loop_and_later_writes_survive_each_refusal(
    written: Path, open_store: OpenStore
) -> None:
    store = await open_store()
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await store.write(missing_table)
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await store.read(missing_table)
    assert await store.write(add) == 2


def notes() -> Op[int]:
    return len((yield "SELECT * FROM note", {}))


def missing_table() -> Op[None]:
    yield "SELECT * FROM nowhere", {}
