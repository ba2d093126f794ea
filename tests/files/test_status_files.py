"""Publishing a block while people edit the same file: nothing of theirs is lost."""

import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from callsheet.files import inside, status, swap
from callsheet.files.block import Block
from callsheet.files.status import Step, Written, publishing, write_block
from callsheet.model.errors import CallsheetError

PAGE = ".claudio/status.md"
NOW = 4_000_000_000_000
"""A wall clock far behind every file that a test makes."""


def write(
    root: Path,
    rev: int,
    body: str = "all well",
    *,
    plan: str = "main",
    now_ms: int = NOW,
    passing: Callable[[Step], None] = lambda step: None,
) -> Written:
    block = Block(plan, rev, body, heading="Status")
    return write_block(root, PAGE, block, now_ms=now_ms, passing=passing)


def text(root: Path) -> str:
    return (root / PAGE).read_text()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".claudio").mkdir()
    return tmp_path


def test_a_missing_file_is_made_with_its_heading_inside_the_block(tmp_path: Path) -> None:
    assert write(tmp_path, 1) == Written("written")
    begin, title, *_ = text(tmp_path).split("\n\n")
    assert begin.startswith("<!-- callsheet:begin plan=main rev=1 ")
    assert title == "# Status"
    write(tmp_path, 2)
    assert text(tmp_path).count("# Status") == 1


def test_what_is_there_already_is_not_written_again(root: Path) -> None:
    write(root, 3)
    before = (root / PAGE).stat()
    assert write(root, 3) == Written("unchanged")
    assert write(root, 2, "older") == Written("newer_there")
    after = (root / PAGE).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_text_inside_the_block_that_a_person_edited_is_kept_in_a_copy(root: Path) -> None:
    write(root, 1)
    edited = text(root).replace("all well", "all wrong, ask Kim")
    (root / PAGE).write_text(edited)
    written = write(root, 2, "new")
    assert written.outcome == "written"
    assert written.saved is not None
    assert inside.read_bytes(root, written.saved, 10_000).decode() == edited
    assert "all wrong" not in text(root)
    assert write(root, 3, "newer").saved is None


def test_two_different_edits_make_two_copies_and_the_same_one_makes_one(root: Path) -> None:
    for words in ("first", "second", "first"):
        (root / PAGE).unlink(missing_ok=True)
        write(root, 1)
        (root / PAGE).write_text(text(root).replace("all well", words))
        write(root, 2)
    assert len(list((root / status.SAVED).iterdir())) == 2


def append(page: Path, words: str) -> None:
    with page.open("a") as file:
        file.write(words)


def rewrite(page: Path, words: str) -> None:
    page.write_text(page.read_text() + words)


def save_by_rename(page: Path, words: str) -> None:
    other = page.with_suffix(".swp")
    other.write_text(page.read_text() + words)
    other.rename(page)


EDITS = [append, rewrite, save_by_rename]


@pytest.mark.usefixtures("exchangeable")
@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("moment", ["read", "saved", "checked"])
def test_an_edit_at_any_step_survives_and_the_block_is_built_anew(
    root: Path, moment: Step, edit: Callable[[Path, str], None]
) -> None:
    (root / PAGE).write_text("# Mine\n")
    write(root, 1)
    pending = [f"mine at {moment}\n"]

    def interfere(step: Step) -> None:
        if step == moment and pending:
            edit(root / PAGE, pending.pop())

    assert write(root, 2, "new", passing=interfere) == Written("written")
    assert f"mine at {moment}\n" in text(root)
    assert "new" in text(root)
    assert text(root).count("callsheet:begin") == 1


@pytest.mark.usefixtures("exchangeable")
def test_a_thousand_edits_between_the_steps_lose_no_byte(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda file: None)  # it costs time, and decides nothing here
    rng = random.Random(11)
    (root / PAGE).write_text("# Status\n\n")
    mine: list[str] = []

    def interfere(step: Step) -> None:
        if rng.random() < 0.4:
            mine.append(f"line {len(mine)} \N{SNOWMAN}\n")
            rng.choice(EDITS)(root / PAGE, mine[-1])

    rev = 0
    while len(mine) < 1_000:
        rev += 1
        write(root, rev, f"body {rev}", passing=interfere)
    outside = text(root).partition("<!-- callsheet:end -->")[2]
    assert outside.lstrip("\n") == "".join(mine)
    assert sorted(path.name for path in (root / ".claudio").iterdir()) == ["status.md"]


@pytest.mark.parametrize(("moment", "survives"), [("saved", True), ("checked", False)])
def test_without_exchanging_names_edits_survive_up_to_the_last_check(
    root: Path, monkeypatch: pytest.MonkeyPatch, moment: Step, survives: bool
) -> None:
    """What other file systems get; and the control that the exchange is what saves the rest."""
    monkeypatch.setattr(swap, "_system_call", lambda: None)
    write(root, 1)
    pending = ["mine\n"]

    def interfere(step: Step) -> None:
        if step == moment and pending:
            append(root / PAGE, pending.pop())

    assert write(root, 2, "new", passing=interfere) == Written("written")
    assert ("mine\n" in text(root)) == survives
    assert "new" in text(root)


def test_a_file_that_never_rests_is_left_for_later(root: Path) -> None:
    write(root, 1)

    def interfere(step: Step) -> None:
        if step == "read":
            append(root / PAGE, "more\n")

    assert write(root, 2, "new", passing=interfere) == Written("being_edited")
    assert "all well" in text(root)
    assert "more\n" in text(root)


def test_a_file_that_an_editor_has_just_emptied_is_left_for_later(root: Path) -> None:
    page = root / PAGE
    page.touch()
    emptied_ms = page.stat().st_mtime_ns // 1_000_000
    assert write(root, 1, now_ms=emptied_ms) == Written("being_edited")
    assert page.read_bytes() == b""
    assert write(root, 1, now_ms=emptied_ms + status.SETTLING_MS) == Written("written")


def test_a_file_that_vanishes_meanwhile_is_made_anew(root: Path) -> None:
    write(root, 1)
    pending = [root / PAGE]

    def interfere(step: Step) -> None:
        if step == "checked" and pending:
            pending.pop().unlink()

    assert write(root, 2, "new", passing=interfere) == Written("written")
    assert text(root).count("# Status") == 1
    assert "new" in text(root)


def test_several_plans_share_a_file(root: Path) -> None:
    write(root, 1, "first", plan="one")
    write(root, 9, "second", plan="two")
    write(root, 2, "third", plan="one")
    assert "third" in text(root)
    assert "second" in text(root)
    assert "first" not in text(root)


def test_a_status_file_that_is_a_link_is_refused_and_its_target_untouched(root: Path) -> None:
    target = root.parent / f"{root.name}-target.md"
    target.write_text("theirs")
    (root / PAGE).symlink_to(target)
    with pytest.raises(CallsheetError) as refused:
        write(root, 1)
    assert refused.value.code == "NOT_ALLOWED"
    assert target.read_text() == "theirs"


def test_a_huge_status_file_is_refused_and_stays(root: Path) -> None:
    (root / PAGE).write_bytes(b"x" * (status.STATUS_LIMIT + 1))
    with pytest.raises(CallsheetError) as refused:
        write(root, 1)
    assert refused.value.code == "TOO_LARGE"
    assert (root / PAGE).stat().st_size == status.STATUS_LIMIT + 1


def test_leftovers_of_killed_publishers_are_cleared(root: Path) -> None:
    (root / ".claudio" / ".status.md.1-1.callsheet-tmp").write_text("torn")
    write(root, 1)
    assert [path.name for path in (root / ".claudio").iterdir()] == ["status.md"]


def test_only_one_at_a_time_publishes(tmp_path: Path) -> None:
    lock = tmp_path / "status.lock"
    with publishing(lock) as first, publishing(lock) as second:
        assert (first, second) == (True, False)
    with publishing(lock) as again:
        assert again


HOLDER = """
import sys
from pathlib import Path
from callsheet.files.status import publishing
with publishing(Path(sys.argv[1])) as mine:
    print(mine, flush=True)
    sys.stdin.readline()
"""


def test_the_lock_goes_with_a_holder_that_is_killed(tmp_path: Path) -> None:
    lock = tmp_path / "status.lock"
    server = Path(inside.__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)],
        env={"PYTHONPATH": str(server)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with publishing(lock) as meanwhile:
            assert not meanwhile
        holder.kill()
        holder.wait(timeout=30)
    with publishing(lock) as afterwards:
        assert afterwards


def test_a_lock_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "status.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError), publishing(tmp_path / "status.lock"):
        pass
    assert not (tmp_path / "elsewhere").exists()
