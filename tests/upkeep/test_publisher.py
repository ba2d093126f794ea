"""Keeping the files true: when they are written, by whom, and what can go wrong."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from upkeep.upkeep_kit import PAGE, Project, counts

from callsheet.engine.board import Board
from callsheet.files.status import publishing
from callsheet.model.errors import CallsheetError
from callsheet.model.outcome import Claimed
from callsheet.store.port import Op, T
from callsheet.upkeep import publish_now, rendered_pages
from callsheet.upkeep.publisher import LOCK
from callsheet.upkeep.writer import Writer


async def loaded(project: Project) -> Board:
    project.write_claudio()
    board = await project.board()
    await board.load_plan()
    await board.start_run()
    return board


async def claim(board: Board, task: str) -> str:
    claimed = await board.claim_task(agent="ann", task=task)
    assert isinstance(claimed, Claimed)
    return claimed.claim


class Killed(BaseException):
    """The process is no more."""


def bodies(project: Project) -> dict[str, list[str]]:
    """The pages without their markers: revisions may be newer than what they say."""
    return {
        page: [line for line in project.text(f".claudio/{page}").splitlines() if "<!--" not in line]
        for page in project.pages()
    }


def inode(project: Project, page: str = PAGE) -> int:
    return (project.root / page).stat().st_ino


async def test_a_page_is_written_at_most_once_a_second(project: Project) -> None:
    board = await loaded(project)
    publisher = project.publisher(board)
    assert await publisher.step()
    await claim(board, "1.1")
    project.clock.advance(0.9)
    assert not await publisher.step()
    assert counts(project.text())["ready"] == 2
    project.clock.advance(0.1)
    assert await publisher.step()
    assert counts(project.text()) == {"ready": 1, "running": 1, "waiting": 2}


async def test_no_file_is_touched_while_nothing_happens(project: Project) -> None:
    board = await loaded(project)
    publisher = project.publisher(board)
    await publisher.step()
    before = inode(project)
    for _ in range(3):
        project.clock.advance(60)
        await board.get_progress()
        assert await publisher.step()
    assert inode(project) == before


async def test_what_another_session_does_is_published(project: Project) -> None:
    one = await loaded(project)
    publisher = project.publisher(one)
    await publisher.step()
    other = await project.board()
    await other.complete_task(await claim(other, "1.1"), "by the other one")
    project.clock.advance(1)
    await publisher.step()
    assert counts(project.text())["done"] == 1
    assert "by the other one" in project.text(".claudio/phase1/task1/status.md")


async def test_what_another_process_has_published_is_not_written_again(project: Project) -> None:
    board = await loaded(project)
    first, second = project.publisher(board), project.publisher(await project.board())
    await first.step()
    await second.step()
    await claim(board, "1.1")
    project.clock.advance(1)
    await first.step()
    before = inode(project)
    project.clock.advance(1)
    assert await second.step()
    assert inode(project) == before


async def test_two_publishers_together_keep_the_second_between_writings(project: Project) -> None:
    board = await loaded(project)
    first, second = project.publisher(board), project.publisher(await project.board())
    await first.step()
    await claim(board, "1.1")
    project.clock.advance(1)
    await first.step()
    await claim(board, "1.3")
    assert not await second.step()
    project.clock.advance(1)
    assert await second.step()
    assert counts(project.text())["running"] == 2


async def test_nobody_waits_for_another_publisher(project: Project) -> None:
    board = await loaded(project)
    with publishing(project.root / LOCK) as mine:
        assert mine
        assert not await project.publisher(board).step()
    assert not (project.root / PAGE).exists()
    project.clock.advance(3_600)
    os.utime(project.root / LOCK, ns=(0, 0))
    assert await project.publisher(board).step()


async def test_a_publisher_that_was_killed_on_the_way_leaves_nothing_wrong(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = await loaded(project)
    await project.publisher(board).step()
    before = await project.revision(board)
    await board.complete_task(await claim(board, "1.1"), "x")
    project.clock.advance(1)

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "pages", killed)
        with pytest.raises(Killed):
            await project.publisher(board).step()
    assert await project.revision(board) == before
    assert counts(project.text()) == {"ready": 2, "waiting": 2}
    project.clock.advance(1)
    await project.publisher(board).step()
    assert counts(project.text())["done"] == 1
    assert counts(project.text(".claudio/phase1/phase_status.md"))["done"] == 1
    assert "**done**" in project.text(".claudio/phase1/task1/status.md")


async def test_the_project_page_comes_last(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = await loaded(project)
    await claim(board, "1.1")

    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(Writer, "project", killed)
    with pytest.raises(Killed):
        await project.publisher(board).step()
    assert project.pages() == {
        "phase1/phase_status.md",
        "phase1/task1/status.md",
        "phase2/phase_status.md",
    }


@pytest.mark.parametrize("spoilt", ["older", "deleted", "edited"])
async def test_pages_that_were_put_back_deleted_or_edited_are_made_true_again(
    project: Project, spoilt: str
) -> None:
    board = await loaded(project)
    publisher = project.publisher(board)
    await publisher.step()
    shutil.copytree(project.root / ".claudio", project.root / "old")
    await board.complete_task(await claim(board, "1.1"), "x")
    project.clock.advance(1)
    await publisher.step()
    good = bodies(project)
    if spoilt == "older":
        for page in ("status.md", "phase1/phase_status.md"):
            shutil.copy(project.root / "old" / page, project.root / ".claudio" / page)
    elif spoilt == "deleted":
        for page in good:
            (project.root / ".claudio" / page).unlink()
    else:
        project.write(PAGE, project.text().replace("1 done", "4 done"))
    assert bodies(project) != good
    project.clock.advance(1)
    await publisher.step()
    assert bodies(project) == good


async def test_what_people_write_around_the_block_survives(project: Project) -> None:
    board = await loaded(project)
    project.write(PAGE, "# Ours\r\n\r\nmine\r\n")
    publisher = project.publisher(board)
    await publisher.step()
    project.write(PAGE, project.text() + "more of mine\n")
    await claim(board, "1.1")
    project.clock.advance(1)
    await publisher.step()
    data = (project.root / PAGE).read_bytes()
    assert data.startswith(b"# Ours\n") and data.endswith(b"\nmine\nmore of mine\n")
    assert counts(project.text())["running"] == 1


async def test_an_edited_block_is_replaced_and_kept_aside_the_newest_hundred_of_them(
    project: Project,
) -> None:
    board = await loaded(project)
    await project.publisher(board).step()
    saved = project.root / ".callsheet" / "saved"
    saved.mkdir()
    for number in range(120):
        (saved / f"old-{number}").write_text("x")
        os.utime(saved / f"old-{number}", ns=(number, number))
    project.write(PAGE, project.text().replace("2 ready", "my own words"))
    project.clock.advance(1)
    await project.publisher(board).step()
    assert "my own words" not in project.text()
    kept = {file.name: file for file in saved.iterdir()}
    assert len(kept) == 100 and "old-21" in kept and "old-20" not in kept
    [copy] = [file for name, file in kept.items() if not name.startswith("old-")]
    assert "my own words" in copy.read_text()


async def test_a_file_that_somebody_has_just_emptied_is_written_later(project: Project) -> None:
    board = await loaded(project)
    publisher = project.publisher(board)
    await publisher.step()
    (project.root / PAGE).write_bytes(b"")
    project.clock.advance(1)
    now = project.clock.wall * 1_000_000
    os.utime(project.root / PAGE, ns=(now, now))
    assert not await publisher.step()
    assert project.text() == ""
    project.clock.advance(1)
    assert await publisher.step()
    assert counts(project.text())["ready"] == 2


async def test_a_page_that_cannot_be_written_is_named_once_and_keeps_no_other_from_it(
    project: Project, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    board = await loaded(project)
    (project.root / ".claudio/phase1/phase_status.md").symlink_to(tmp_path / "elsewhere.md")
    publisher = project.publisher(board)
    for task in ("1.1", "1.3"):
        await claim(board, task)
        project.clock.advance(1)
        assert await publisher.step()
    assert counts(project.text())["running"] == 2
    assert [record.message.count("phase_status.md could not") for record in caplog.records] == [1]
    assert not (tmp_path / "elsewhere.md").exists()


async def test_a_project_page_that_cannot_be_written_is_tried_again_after_a_while(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    board = await loaded(project)
    (project.root / PAGE).mkdir()
    publisher = project.publisher(board)
    for _ in range(3):
        assert not await publisher.step()
        project.clock.advance(5)
    assert len(caplog.records) == 1 and "NOT_ALLOWED" in caplog.records[0].message
    (project.root / PAGE).rmdir()
    assert await publisher.step()
    assert counts(project.text())["ready"] == 2


async def test_a_database_that_is_gone_ends_nothing(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    board = await loaded(project)
    (project.root / ".callsheet/state.db").unlink()
    await publish_now(board, project.root)
    assert [("STORE_GONE" in record.message) for record in caplog.records] == [True]


async def test_the_last_word_is_written_however_short_ago_the_one_before_was(
    project: Project,
) -> None:
    board = await loaded(project)
    await publish_now(board, project.root)
    await claim(board, "1.1")
    await publish_now(board, project.root)
    assert counts(project.text())["running"] == 1


async def test_many_pages_are_read_in_several_snapshots(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = await loaded(project)
    await claim(board, "1.1")
    reads: list[object] = []
    read = board.store.read

    async def counted(op: Callable[[], Op[T]]) -> T:
        found = await read(op)
        reads.append(found)
        return found

    monkeypatch.setattr(board.store, "read", counted)
    monkeypatch.setattr("callsheet.upkeep.publisher.AT_ONCE", 2)
    assert await project.publisher(board).step()
    assert [len(found) for found in reads if isinstance(found, tuple) and found].count(2) >= 1
    assert project.pages() == {
        "status.md",
        "phase1/phase_status.md",
        "phase1/task1/status.md",
        "phase2/phase_status.md",
    }


async def test_the_page_can_be_had_without_a_file(project: Project) -> None:
    board = await loaded(project)
    page = await rendered_pages(board)
    assert counts(page) == {"ready": 2, "waiting": 2}
    await publish_now(board, project.root)
    assert page.strip() in project.text()


async def test_errors_of_the_store_are_not_the_end(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = await loaded(project)
    publisher = project.publisher(board)

    async def busy(op: object) -> None:
        raise CallsheetError("STORE_BUSY", "Busy.", "Try again.")

    with monkeypatch.context() as patch:
        patch.setattr(board.store, "read", busy)
        assert not await publisher.step()
    project.clock.advance(5)
    assert await publisher.step()
