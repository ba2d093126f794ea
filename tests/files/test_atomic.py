"""Replacing files: never torn, nothing left behind, and errors that say what to do."""

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from callsheet.files import atomic, inside, swap
from callsheet.model.errors import CallsheetError


def leftovers(root: Path) -> list[str]:
    return [path.name for path in root.rglob("*") if path.name.endswith(atomic.TEMPORARY)]


def failing(number: int) -> Callable[..., int]:
    def fail(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    return fail


def test_a_new_file_is_made_with_its_folders(tmp_path: Path) -> None:
    atomic.replace(tmp_path, "a/b/c.md", b"text")
    assert (tmp_path / "a/b/c.md").read_bytes() == b"text"
    assert leftovers(tmp_path) == []


def test_an_existing_file_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "c.md"
    target.write_text("old")
    target.chmod(0o640)
    atomic.replace(tmp_path, "c.md", b"new")
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_new_file_gets_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    atomic.replace(tmp_path, "private", b"x", mode=0o600)
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o600


@pytest.mark.parametrize("relpath", ["../out.md", "/tmp/out.md", "link/out.md", "file-link", "dir"])
def test_nothing_is_written_outside_or_through_links(tmp_path: Path, relpath: str) -> None:
    root, away = tmp_path / "root", tmp_path / "away"
    (root / "dir").mkdir(parents=True)
    away.mkdir()
    (away / "file.md").write_text("theirs")
    (root / "link").symlink_to(away)
    (root / "file-link").symlink_to(away / "file.md")
    with pytest.raises(CallsheetError) as refused:
        atomic.replace(root, relpath, b"ours")
    assert refused.value.code == "NOT_ALLOWED"
    assert [path.name for path in away.iterdir()] == ["file.md"]
    assert (away / "file.md").read_text() == "theirs"
    assert (root / "file-link").is_symlink()
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "STORE_FULL"),
        (errno.EFBIG, "STORE_FULL"),
        (errno.EDQUOT, "STORE_FULL"),
        (errno.EROFS, "STORE_READONLY"),
        (errno.EACCES, "STORE_READONLY"),
    ],
)
def test_a_failure_at_any_step_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, code: str
) -> None:
    (tmp_path / "c.md").write_text("old")
    monkeypatch.setattr(os, call, failing(number))
    with pytest.raises(CallsheetError) as refused:
        atomic.replace(tmp_path, "c.md", b"new")
    monkeypatch.undo()
    assert refused.value.code == code
    assert "c.md" in refused.value.what
    assert [path.name for path in tmp_path.iterdir()] == ["c.md"]
    assert (tmp_path / "c.md").read_text() == "old"


def test_a_folder_that_may_not_be_written_is_read_only(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser may write everywhere; the simulated EACCES above covers it")
    tmp_path.chmod(0o500)
    with pytest.raises(CallsheetError) as refused:
        atomic.replace(tmp_path, "c.md", b"new")
    tmp_path.chmod(0o700)
    assert refused.value.code == "STORE_READONLY"


LIMITED = """
import resource, signal, sys
from pathlib import Path
from callsheet.files import atomic
from callsheet.model.errors import CallsheetError
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
atomic.replace(Path(sys.argv[1]), "small.md", b"x" * 1000)
try:
    atomic.replace(Path(sys.argv[1]), "large.md", b"x" * 1001)
except CallsheetError as error:
    sys.exit(0 if error.code == "STORE_FULL" else 3)
sys.exit(4)
"""


def test_a_file_size_limit_is_a_full_store_and_leaves_nothing_behind(tmp_path: Path) -> None:
    server = Path(inside.__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(server)},
        check=False,
        timeout=60,
    )
    assert run.returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["small.md"]


@pytest.mark.parametrize("seen_by", ["rename", "exchange"])
def test_a_reader_never_sees_a_torn_file(tmp_path: Path, seen_by: str) -> None:
    versions = [bytes([65 + number]) * 50_000 for number in range(20)]
    atomic.replace(tmp_path, "page.md", versions[0])
    started, over = threading.Event(), threading.Event()
    wrong: list[int] = []
    reads = 0

    def read() -> None:
        nonlocal reads
        while not over.is_set():
            data = (tmp_path / "page.md").read_bytes()
            reads += 1
            started.set()
            if len(data) != 50_000 or len(set(data)) != 1:
                wrong.append(len(data))

    reader = threading.Thread(target=read)
    reader.start()
    assert started.wait(30)
    for data in versions * 2:
        if seen_by == "rename":
            atomic.replace(tmp_path, "page.md", data)
        else:
            seen = inside.look(tmp_path, "page.md", 100_000)
            assert atomic.replace_seen(tmp_path, "page.md", data, seen)
    over.set()
    reader.join()
    assert reads > 1
    assert wrong == []


DYING = """
import os, sys
from pathlib import Path
from callsheet.files import atomic, inside
root, call, nth = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
seen = inside.look(root, "page.md", 100_000)
real, calls = getattr(os, call), 0
def die(*args, **kwargs):
    global calls
    calls += 1
    if calls == nth:
        os._exit(9)
    return real(*args, **kwargs)
setattr(os, call, die)
atomic.replace(root, "page.md", b"new" * 1000)
"""


@pytest.mark.parametrize(("call", "nth"), [("write", 1), ("fsync", 1), ("rename", 1), ("fsync", 2)])
def test_a_writer_that_dies_leaves_the_old_page_or_the_new_one(
    tmp_path: Path, call: str, nth: int
) -> None:
    old, new = b"old" * 1000, b"new" * 1000
    (tmp_path / "page.md").write_bytes(old)
    server = Path(inside.__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", DYING, str(tmp_path), call, str(nth)],
        env={**os.environ, "PYTHONPATH": str(server)},
        check=False,
        timeout=60,
    )
    assert run.returncode == 9
    assert (tmp_path / "page.md").read_bytes() == (new if nth == 2 else old)
    atomic.clear_leftovers(tmp_path, "page.md")
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


def test_clearing_up_touches_only_that_files_leftovers(tmp_path: Path) -> None:
    for name in ("page.md", "page.md.bak", ".page.md", ".other.md.1-1.callsheet-tmp"):
        (tmp_path / name).write_text("keep")
    (tmp_path / ".page.md.77-3.callsheet-tmp").write_text("torn")
    atomic.clear_leftovers(tmp_path, "page.md")
    atomic.clear_leftovers(tmp_path, "no/such/folder.md")
    kept = {".other.md.1-1.callsheet-tmp", ".page.md", "page.md", "page.md.bak"}
    assert {path.name for path in tmp_path.iterdir()} == kept


@pytest.mark.parametrize("supported", [True, False])
def test_a_file_is_replaced_only_as_it_was_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, supported: bool
) -> None:
    if not supported:
        monkeypatch.setattr(swap, "_system_call", lambda: None)
    (tmp_path / "c.md").write_text("seen")
    seen = inside.look(tmp_path, "c.md", 100)
    assert atomic.replace_seen(tmp_path, "c.md", b"first", seen)
    assert not atomic.replace_seen(tmp_path, "c.md", b"second", seen)
    assert not atomic.replace_seen(tmp_path, "c.md", b"third", None)
    assert atomic.replace_seen(tmp_path, "new.md", b"fresh", None)
    assert (tmp_path / "c.md").read_bytes() == b"first"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.md", "new.md"]


def edit_in_place(path: Path) -> None:
    path.write_text("theirs")


def edit_by_rename(path: Path) -> None:
    other = path.with_name("editor.tmp")
    other.write_text("theirs")
    other.rename(path)


def swap_for_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("elsewhere")


@pytest.mark.usefixtures("exchangeable")
@pytest.mark.parametrize("edit", [edit_in_place, edit_by_rename, swap_for_link])
def test_what_somebody_saves_between_the_last_check_and_the_change_stands(
    tmp_path: Path, edit: Callable[[Path], None]
) -> None:
    page = tmp_path / "page.md"
    page.write_text("seen")
    seen = inside.look(tmp_path, "page.md", 100)
    assert not atomic.replace_seen(tmp_path, "page.md", b"ours", seen, checked=lambda: edit(page))
    assert page.is_symlink() if edit is swap_for_link else page.read_text() == "theirs"
    assert leftovers(tmp_path) == []


def test_a_file_that_appears_or_vanishes_at_the_last_moment_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    made = atomic.replace_seen(
        tmp_path, "page.md", b"ours", None, checked=lambda: edit_in_place(page)
    )
    assert not made
    assert page.read_text() == "theirs"
    seen = inside.look(tmp_path, "page.md", 100)
    assert not atomic.replace_seen(tmp_path, "page.md", b"ours", seen, checked=page.unlink)
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_links_still_takes_new_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", failing(errno.EPERM))
    assert atomic.replace_seen(tmp_path, "page.md", b"ours", None)
    assert (tmp_path / "page.md").read_bytes() == b"ours"
    assert leftovers(tmp_path) == []


@pytest.mark.usefixtures("exchangeable")
def test_two_saves_in_the_very_moment_leave_the_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first comes before the exchange of names, the second before it is undone."""
    page = tmp_path / "page.md"
    page.write_text("seen")
    seen = inside.look(tmp_path, "page.md", 100)
    real = swap._exchange
    saves = ["first", "second"]

    def save_then_exchange(parent: int, one: str, other: str) -> bool:
        if saves:
            other_file = tmp_path / "editor.tmp"
            other_file.write_text(saves.pop(0))
            other_file.rename(page)
        return real(parent, one, other)

    monkeypatch.setattr(swap, "_exchange", save_then_exchange)
    assert not atomic.replace_seen(tmp_path, "page.md", b"ours", seen)
    assert page.read_text() == "second"
    assert list(tmp_path.iterdir()) == [page]
