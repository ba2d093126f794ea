"""Where the database is put, who may read it, and where it is refused."""

import os
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiosqlite
import pytest
from store.store_ops import MIGRATIONS, add, count

from callsheet.model.errors import CallsheetError
from callsheet.store import mounts, opening
from callsheet.store.connections import Synchronous
from callsheet.store.opening import open_sqlite
from callsheet.store.port import Op
from callsheet.store.sqlite import SqliteStore


async def open_own(path: Path, allow_network_fs: bool = False) -> SqliteStore:
    return await open_sqlite(
        path, now_ms=0, migrations=MIGRATIONS, allow_network_fs=allow_network_fs
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_the_folder_and_the_files_in_it_are_the_owners_alone_and_git_ignores_them(
    path: Path,
) -> None:
    store = await open_own(path)
    await store.write(add)
    assert mode(path.parent) == 0o700
    names = ["state.db", "state.db-wal", "state.db-shm", "state.db.lock"]
    assert {name: oct(mode(path.with_name(name))) for name in names} == dict.fromkeys(
        names, "0o600"
    )
    assert (path.parent / ".gitignore").read_text() == "*\n"
    await store.close()


async def test_a_database_that_others_could_read_is_closed_to_them(path: Path) -> None:
    await (await open_own(path)).close()
    os.chmod(path, 0o644)
    await (await open_own(path)).close()
    assert mode(path) == 0o600


async def test_a_folder_of_another_name_gets_no_gitignore(tmp_path: Path) -> None:
    await (await open_own(tmp_path / "elsewhere" / "state.db")).close()
    assert not (tmp_path / "elsewhere" / ".gitignore").exists()


async def test_opening_a_database_that_is_up_to_date_writes_nothing(path: Path) -> None:
    await (await open_own(path)).close()
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in path.parent.iterdir()}
    store = await open_own(path)
    assert await store.read(count) == 0
    after = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in before}
    assert after == before
    await store.close()


@pytest.mark.parametrize("linked", ["state.db", "state.db-wal", "state.db.lock", "backups", "."])
async def test_a_symbolic_link_in_place_of_what_is_written_is_refused(
    path: Path, tmp_path: Path, linked: str
) -> None:
    real = tmp_path / "real"
    real.mkdir()
    place = path.parent / linked
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(real)
    with pytest.raises(CallsheetError, match="NOT_ALLOWED.*symbolic link"):
        await open_own(path)
    assert os.listdir(real) == []


async def test_a_network_file_system_is_refused_with_its_type_unless_allowed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "network_type", lambda folder: "nfs4")
    with pytest.raises(CallsheetError, match=r"NOT_ALLOWED.*network file system \(nfs4\)"):
        await open_own(path)
    assert os.listdir(path.parent) == [".gitignore"]
    await (await open_own(path, allow_network_fs=True)).close()


MOUNTS = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 0:40 / /home rw shared:2 - nfs4 server:/home rw
31 30 8:2 / /home/me/local rw - ext4 /dev/sdb1 rw
32 21 0:41 / /mnt/with\\040space rw - fuse.sshfs me@host: rw
33 21 0:42 / /win rw - drvfs C: rw
34 21 0:43 / /over rw - ext4 /dev/sdc1 rw
35 34 0:44 / /over rw - cifs //host/share rw
36 21 0:45 / /disk rw - fuse.ntfs-3g /dev/sdd1 rw
a line that is no mount
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/project", None),
        ("/home/me/project", "nfs4"),
        ("/home/me/local/project", None),
        ("/homework", None),
        ("/mnt/with space/project", "fuse.sshfs"),
        ("/win", "drvfs"),
        ("/over/project", "cifs"),
        ("/disk", None),
    ],
)
def test_the_innermost_mount_tells_the_file_system(
    tmp_path: Path, folder: str, kind: str | None
) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    assert mounts.network_type(Path(folder), tmp_path / "mountinfo") == kind


def test_without_a_list_of_mounts_nothing_is_refused(tmp_path: Path) -> None:
    assert mounts.network_type(tmp_path, tmp_path / "missing") is None


@pytest.mark.parametrize(("synchronous", "value"), [("FULL", 2), ("NORMAL", 1)])
async def test_the_writer_has_the_pragmas_that_were_measured(
    path: Path, synchronous: Synchronous, value: int
) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": value,
        "foreign_keys": 1,
        "wal_autocheckpoint": 4000,
        "busy_timeout": 10_000,
        "journal_size_limit": 64 * 1024 * 1024,
    }

    def op() -> Op[dict[str, object]]:
        found = {}
        for name in wanted:
            rows = yield f"PRAGMA {name}", {}
            found[name] = rows[0][0]
        return found

    store = await open_sqlite(path, now_ms=0, migrations=MIGRATIONS, synchronous=synchronous)
    assert await store.write(op) == wanted
    await store.close()


async def test_a_read_cannot_write(path: Path) -> None:
    store = await open_own(path)
    with pytest.raises(CallsheetError, match="STORE_READONLY"):
        await store.read(add)
    assert await store.read(count) == 0
    await store.close()


async def test_the_private_names_of_aiosqlite_that_the_store_uses_are_there() -> None:
    connection = aiosqlite.connect(":memory:")
    assert connection._thread.daemon is False
    await connection
    execute: Callable[..., Awaitable[int]] = connection._execute
    assert await execute(lambda: 7) == 7
    assert connection._conn.execute is not None
    await connection.close()
