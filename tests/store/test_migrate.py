"""Schema versions: what is made of a fresh, an older, a newer and a foreign file."""

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from store.store_ops import MIGRATIONS, add, child, content, count, spoil

from callsheet.model.errors import CallsheetError
from callsheet.store import migrate
from callsheet.store.opening import open_sqlite

NOON_MS = 1_767_268_800_123  # 2026-01-01 12:00:00.123 UTC


async def bring_up(path: Path, migrations: Path = MIGRATIONS) -> None:
    store = await open_sqlite(path, now_ms=NOON_MS, migrations=migrations)
    await store.close()


def schema_of(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        version = connection.execute("PRAGMA user_version").fetchall()
        mark = connection.execute("PRAGMA application_id").fetchall()
        tables = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name")
        return [*version, *mark, *tables]


@pytest.fixture
def first_only(tmp_path: Path) -> Path:
    """The migrations of an older callsheet."""
    folder = tmp_path / "older"
    folder.mkdir()
    shutil.copy(MIGRATIONS / "0001_counter.sql", folder)
    return folder


@pytest.fixture
async def older(path: Path, first_only: Path) -> Path:
    """A database of an older callsheet, with a write in it."""
    store = await open_sqlite(path, now_ms=0, migrations=first_only)
    await store.write(add)
    await store.close()
    return path


def in_order(folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).write_text("SELECT 1;")
    return folder


async def test_a_fresh_database_has_the_mark_the_version_and_the_mode(path: Path) -> None:
    await bring_up(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (0x43414C4C,)
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert not (path.parent / "backups").exists()


async def test_an_empty_file_is_a_fresh_database(path: Path) -> None:
    path.parent.mkdir()
    spoil(path, b"")
    await bring_up(path)
    assert migrate.inspect(path) == migrate.Found(migrate.APPLICATION_ID, 2)


async def test_an_older_database_keeps_its_rows_and_gets_the_schema_of_a_fresh_one(
    older: Path, tmp_path: Path
) -> None:
    store = await open_sqlite(older, now_ms=NOON_MS, migrations=MIGRATIONS)
    assert await store.read(count) == 1
    await store.close()
    fresh = tmp_path / "fresh" / "state.db"
    await bring_up(fresh)
    assert schema_of(older) == schema_of(fresh)


async def test_callsheets_own_migrations_make_a_database_that_is_whole(path: Path) -> None:
    await bring_up(path, migrate.MIGRATIONS)
    assert migrate.inspect(path) == migrate.Found(
        migrate.APPLICATION_ID, len(migrate.migrations_in(migrate.MIGRATIONS))
    )


async def test_every_older_schema_of_callsheet_becomes_the_newest_one(tmp_path: Path) -> None:
    steps = migrate.migrations_in(migrate.MIGRATIONS)
    assert steps
    schemas = []
    for start in range(1, len(steps) + 1):
        released = tmp_path / f"v{start}"
        released.mkdir()
        for step in steps[:start]:
            shutil.copy(step.file, released)
        path = tmp_path / f"db{start}" / "state.db"
        await bring_up(path, released)
        await bring_up(path, migrate.MIGRATIONS)
        schemas.append(schema_of(path))
    assert all(schema == schemas[-1] for schema in schemas)


async def test_before_a_migration_the_old_database_is_backed_up(older: Path) -> None:
    before = schema_of(older)
    await bring_up(older)
    (backup,) = (older.parent / "backups").iterdir()
    assert backup.name == "state-20260101T120000.123Z-v1.db"
    assert schema_of(backup) == before
    assert backup.stat().st_mode & 0o777 == 0o600


async def test_a_newer_database_is_refused_and_left_as_it_is_to_the_byte(
    path: Path, first_only: Path
) -> None:
    await bring_up(path)
    before = content(path)
    with pytest.raises(CallsheetError) as caught:
        await bring_up(path, first_only)
    assert caught.value.code == "STORE_NEWER"
    assert "version 2" in caught.value.what
    assert "up to 1" in caught.value.what
    assert content(path) == before


async def test_a_newer_version_that_still_waits_in_the_wal_is_seen_and_left_there(
    older: Path, first_only: Path
) -> None:
    with closing(sqlite3.connect(older, isolation_level=None)) as newer:
        newer.execute("PRAGMA user_version = 7")
        for suffix in ("", "-wal"):
            shutil.copy(f"{older}{suffix}", f"{older.with_name('killed.db')}{suffix}")
    killed = older.with_name("killed.db")
    before = [content(killed), content(Path(f"{killed}-wal"))]
    with pytest.raises(CallsheetError, match="STORE_NEWER.*version 7"):
        await bring_up(killed, first_only)
    assert [content(killed), content(Path(f"{killed}-wal"))] == before


async def test_a_server_that_runs_while_a_newer_one_migrates_stops_writing(
    older: Path, first_only: Path
) -> None:
    store = await open_sqlite(older, now_ms=0, migrations=first_only)
    await bring_up(older)
    for call in (store.write(add), store.read(count)):
        with pytest.raises(CallsheetError, match="STORE_NEWER"):
            await call
    await store.close()


@pytest.mark.parametrize("mark", [0, 0x12345678])
async def test_another_programs_database_is_refused_and_left_as_it_is(
    path: Path, mark: int
) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
        connection.execute(f"PRAGMA application_id = {mark}")
    before = content(path)
    with pytest.raises(CallsheetError, match=r"STORE_CORRUPT.*another program"):
        await bring_up(path)
    assert content(path) == before


async def test_a_migration_that_fails_leaves_the_old_version_whole(
    older: Path, first_only: Path
) -> None:
    before = schema_of(older)
    (first_only / "0002_bad.sql").write_text("CREATE TABLE x (y);\nINSERT INTO nowhere VALUES (1);")
    with pytest.raises(CallsheetError, match="STORE_CORRUPT.*can't be migrated"):
        await bring_up(older, first_only)
    assert schema_of(older) == before


async def test_a_migration_that_breaks_a_reference_is_not_committed(
    older: Path, first_only: Path
) -> None:
    before = schema_of(older)
    (first_only / "0002_bad.sql").write_text(
        "CREATE TABLE x (y REFERENCES counter);\nINSERT INTO x VALUES ('nobody');"
    )
    with pytest.raises(CallsheetError, match="STORE_CORRUPT.*row of x without its counter"):
        await bring_up(older, first_only)
    assert schema_of(older) == before


STATEMENTS = [
    sum(1 for _ in migrate.statements_of(step.file.read_text()))
    for step in migrate.migrations_in(MIGRATIONS)
]


def die_migrating(path: Path, at: int) -> None:
    process = child("migrate_and_die", path, MIGRATIONS, at)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("at", range(STATEMENTS[1]))
async def test_killed_at_any_statement_of_a_migration_the_old_version_stays_and_then_migrates(
    older: Path, at: int, first_only: Path
) -> None:
    before = schema_of(older)
    die_migrating(older, at)
    assert schema_of(older) == before
    await bring_up(older)
    assert migrate.inspect(older) == migrate.Found(migrate.APPLICATION_ID, 2)


@pytest.mark.parametrize("at", range(sum(STATEMENTS)))
async def test_killed_at_any_statement_of_the_first_start_there_is_no_half_a_database(
    path: Path, at: int
) -> None:
    path.parent.mkdir()
    die_migrating(path, at)
    assert "state.db" not in os.listdir(path.parent)
    await bring_up(path)
    assert migrate.inspect(path) == migrate.Found(migrate.APPLICATION_ID, 2)
    assert not [name for name in os.listdir(path.parent) if ".new" in name]


def test_a_trigger_stays_one_statement_and_comments_do_no_harm() -> None:
    script = (MIGRATIONS / "0002_note.sql").read_text()
    kinds = [" ".join(statement.split()[:2]) for statement in migrate.statements_of(script)]
    assert kinds == ["CREATE TABLE", "CREATE TRIGGER", "CREATE INDEX"]


@pytest.mark.parametrize("names", [("0001_a.sql", "0003_c.sql"), ("0001_a.sql", "0001_b.sql")])
def test_migrations_with_a_gap_or_a_number_used_twice_are_refused(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match="not numbered"):
        migrate.migrations_in(in_order(tmp_path / "steps", *names))
