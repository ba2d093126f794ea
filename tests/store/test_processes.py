"""Several real processes on one database file: in line, nothing lost, nobody stuck for good."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from store.store_ops import MIGRATIONS, OpenStore, add, child, count, ended

from callsheet.model.errors import CallsheetError
from callsheet.store.filelock import FileLock
from callsheet.store.opening import open_sqlite


@contextmanager
def stopped_holder(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds the lock in the middle of a write, and is stopped."""
    holder = child("hold", path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"
    holder.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, holder.pid, os.WSTOPPED | os.WNOWAIT)
    try:
        yield holder
    finally:
        holder.send_signal(signal.SIGCONT)
        ended(holder, "\n")


async def test_processes_that_open_a_fresh_database_at_once_all_write_and_lose_nothing(
    path: Path, open_store: OpenStore
) -> None:
    processes = [child("add_many", path, 25) for _ in range(4)]
    for process in processes:
        ended(process)
    assert await (await open_store()).read(count) == 100


async def test_processes_that_find_an_older_database_at_once_migrate_it_once(
    path: Path, tmp_path: Path, open_store: OpenStore
) -> None:
    first = tmp_path / "older"
    first.mkdir()
    shutil.copy(MIGRATIONS / "0001_counter.sql", first)
    await (await open_sqlite(path, now_ms=0, migrations=first)).close()
    for process in [child("add_many", path, 5) for _ in range(4)]:
        ended(process)
    assert await (await open_store()).read(count) == 20
    assert len(os.listdir(path.parent / "backups")) == 1


async def test_a_stopped_holder_is_named_in_time_and_reads_go_on(
    path: Path, open_store: OpenStore
) -> None:
    store = await open_store(busy_seconds=0.1)
    with stopped_holder(path) as holder:
        for _ in range(2):  # the second waits behind the first, which the thread still waits for
            with pytest.raises(CallsheetError) as caught:
                await store.write(add)
            assert caught.value.code == "STORE_BUSY"
            assert f"Process {holder.pid} " in caught.value.what
        assert await store.read(count) == 0
    other = await open_store()
    assert await other.write(add) == 2  # the holder's and this one, none of the two given up


async def test_a_process_can_end_although_a_stopped_one_holds_the_lock(path: Path) -> None:
    with stopped_holder(path):
        assert ended(child("write_once", path, 0.1)) == "STORE_BUSY\n"


async def test_a_process_killed_in_a_write_leaves_nothing_of_it_and_frees_the_lock(
    path: Path, open_store: OpenStore
) -> None:
    store = await open_store()
    holder = child("hold", path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"
    holder.kill()
    holder.communicate()
    assert await store.write(add) == 1


def test_two_locks_on_one_file_exclude_each_other_and_tell_who_holds_it(tmp_path: Path) -> None:
    one, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert one.holder() is None
    one.acquire()
    assert not other.acquire_within(0)
    assert other.holder() == os.getpid()
    one.release()
    assert other.acquire_within(0)
    assert not one.acquire_within(0)
    one.close()
    other.close()
    other.close()


def test_a_holder_with_a_shorter_number_overwrites_a_longer_one(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(b"12345678901234567890")
    lock = FileLock(tmp_path / "lock")
    lock.acquire()
    assert lock.holder() == os.getpid()
    lock.close()


def test_a_lock_file_that_was_deleted_is_taken_up_anew(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    old, new = FileLock(path), FileLock(path)
    old.acquire()
    old.release()
    path.unlink()
    new.acquire()
    assert not old.acquire_within(0)
    new.release()
    assert old.acquire_within(0)
    assert not new.acquire_within(0)
    old.close()
    new.close()
