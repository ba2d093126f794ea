"""Copies of a database in use, and the findings of a check."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from store.store_ops import MIGRATIONS, Gate, add, add_at, damage

from callsheet.model.errors import CallsheetError
from callsheet.store.backup import backup, integrity, sqlite_finding
from callsheet.store.opening import open_sqlite
from callsheet.store.sqlite import SqliteStore


async def open_own(path: Path) -> SqliteStore:
    return await open_sqlite(path, now_ms=0, migrations=MIGRATIONS)


def counted(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT n FROM counter").fetchone()[0])


async def test_a_backup_is_made_while_somebody_writes_and_has_what_was_committed(
    path: Path,
) -> None:
    store, gate = await open_own(path), Gate()
    await store.write(add)
    writing = asyncio.create_task(store.write(add_at(gate)))
    await asyncio.to_thread(gate.reached.wait, 30)
    copy = await backup(path, now_ms=1_767_268_800_123)
    gate.open.set()
    assert await writing == 2
    await store.close()
    assert copy == path.parent / "backups" / "state-20260101T120000.123Z-v2.db"
    assert counted(copy) == 1
    assert copy.stat().st_mode & 0o777 == 0o600
    assert integrity(copy) == []


async def test_a_backup_opens_as_a_database_of_its_own(path: Path, tmp_path: Path) -> None:
    store = await open_own(path)
    await store.write(add)
    await store.close()
    copy = await backup(path, tmp_path / "copy.db", now_ms=0)
    restored = await open_own(copy)
    assert await restored.write(add) == 2
    await restored.close()


async def test_a_folder_as_target_gets_a_file_with_the_time_in_its_name(
    path: Path, tmp_path: Path
) -> None:
    await (await open_own(path)).close()
    copy = await backup(path, tmp_path, now_ms=0)
    assert copy == tmp_path / "state-19700101T000000.000Z-v2.db"


async def test_a_target_that_exists_is_not_overwritten(path: Path, tmp_path: Path) -> None:
    await (await open_own(path)).close()
    target = tmp_path / "mine"
    target.write_text("precious")
    with pytest.raises(CallsheetError, match="CONFLICT"):
        await backup(path, target, now_ms=0)
    assert target.read_text() == "precious"


async def test_the_last_ten_are_kept_and_two_in_one_millisecond_are_two(path: Path) -> None:
    await (await open_own(path)).close()
    for now_ms in [*range(11), 10]:
        await backup(path, now_ms=now_ms)
    names = sorted(file.name for file in (path.parent / "backups").iterdir())
    times = [name.split("-")[1] for name in names]
    assert times == [f"19700101T000000.{ms:03d}Z" for ms in [2, 3, 4, 5, 6, 7, 8, 9, 10, 10]]


async def test_there_is_no_backup_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(CallsheetError, match="BAD_ARGUMENT"):
        await backup(tmp_path / "nowhere" / "state.db", now_ms=0)


async def test_a_target_in_a_folder_that_does_not_exist_is_refused(
    path: Path, tmp_path: Path
) -> None:
    await (await open_own(path)).close()
    with pytest.raises(CallsheetError, match="BAD_ARGUMENT"):
        await backup(path, tmp_path / "nowhere" / "copy.db", now_ms=0)


async def test_a_check_names_a_broken_reference_and_damage(path: Path) -> None:
    await (await open_own(path)).close()
    assert integrity(path) == []
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO note (id, counter) VALUES (9, 'nobody')")
    assert integrity(path) == [
        f"{path}: row 9 of note refers to a row of counter that is not there."
    ]
    damage(path)
    assert "STORE_CORRUPT" in " ".join(integrity(path))


async def test_a_check_of_garbage_says_so_instead_of_failing(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"garbage" * 1000)
    (finding,) = integrity(tmp_path / "state.db")
    assert "STORE_CORRUPT" in finding


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 0), False),
    ],
)
def test_the_versions_with_the_wal_reset_bug_are_named(
    version: tuple[int, int, int], affected: bool
) -> None:
    finding = sqlite_finding(version)
    assert (finding is not None) == affected
    assert finding is None or ".".join(map(str, version)) in finding
