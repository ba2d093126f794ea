"""The loops around the steps: they tell of changes, outlive trouble, and end when they are told."""

import anyio
import anyio.lowlevel
import pytest
from upkeep.upkeep_kit import Project, counts

from callsheet.app import open_board
from callsheet.model.errors import CallsheetError
from callsheet.settings import Settings
from callsheet.upkeep import Upkeep

SAFETY_NET_SECONDS = 30


async def test_a_client_is_told_of_what_another_session_changed(project: Project) -> None:
    project.write_claudio()
    board, other = await project.board(), await project.board()
    await board.load_plan()
    told = anyio.Event()

    async def tell() -> None:
        told.set()

    with anyio.fail_after(SAFETY_NET_SECONDS):
        async with anyio.create_task_group() as group:
            group.start_soon(Upkeep(board, project.root, tell).run)
            while not (project.root / ".claudio/status.md").exists():
                await anyio.lowlevel.checkpoint()
            assert not told.is_set()
            project.clock.advance(1)
            await other.start_run()
            await told.wait()
            group.cancel_scope.cancel()
    assert "run active" in project.text()


async def test_a_store_in_trouble_does_not_end_the_upkeep(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write_claudio()
    board = await project.board()
    await board.load_plan()
    tried = anyio.Event()

    async def broken(op: object) -> None:
        tried.set()
        raise CallsheetError("STORE_CORRUPT", "It is damaged.", "Restore a backup.")

    async def tell() -> None:
        raise AssertionError("nothing can be read")

    with anyio.fail_after(SAFETY_NET_SECONDS), monkeypatch.context() as patch:
        patch.setattr(board.store, "read", broken)
        async with anyio.create_task_group() as group:
            group.start_soon(Upkeep(board, project.root, tell).run)
            await tried.wait()
            await anyio.lowlevel.checkpoint()
            assert not group.cancel_scope.cancel_called
            group.cancel_scope.cancel()


async def test_a_fault_of_our_own_does_not_end_the_upkeep(
    project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    board = await project.board()
    again = anyio.Event()
    faults = 0

    async def faulty(op: object) -> None:
        nonlocal faults
        faults += 1
        if faults == 2:
            again.set()
        raise ZeroDivisionError

    async def tell() -> None:
        raise AssertionError("nothing can be read")

    with anyio.fail_after(SAFETY_NET_SECONDS), monkeypatch.context() as patch:
        patch.setattr(board.store, "read", faulty)
        patch.setattr("callsheet.upkeep.AFTER_FAULT_SECONDS", 0)
        async with anyio.create_task_group() as group:
            group.start_soon(Upkeep(board, project.root, tell).run)
            await again.wait()
            group.cancel_scope.cancel()
    assert "ZeroDivisionError" in caplog.text


async def test_the_end_of_a_session_leaves_true_pages_behind(project: Project) -> None:
    project.write_claudio()
    async with open_board(Settings(), project.root, "cli") as board:
        await board.load_plan()
    assert counts(project.text()) == {"ready": 2, "waiting": 2}
    with pytest.raises(RuntimeError):
        async with open_board(Settings(), project.root, "cli") as board:
            await board.start_run()
            raise RuntimeError("the command fails")
    assert "run active" in project.text()
