"""The session keeper: what is held stays held while its server lives."""

import pytest
from upkeep.upkeep_kit import Project

from callsheet.engine.board import Board
from callsheet.engine.env import Policy
from callsheet.model.errors import CallsheetError
from callsheet.model.outcome import Claimed
from callsheet.upkeep.complaints import Complaints
from callsheet.upkeep.leases import Keeper

LEASE = 60.0


async def holding(project: Project) -> tuple[Board, str]:
    project.write_claudio()
    board = await project.board(Policy(lease_seconds=LEASE))
    await board.load_plan()
    await board.start_run()
    claimed = await board.claim_task(agent="ann")
    assert isinstance(claimed, Claimed)
    return board, claimed.task.key


async def agent_of(project: Project, key: str) -> list[str]:
    """Who runs a task, as another session sees it; which gives back what is lost."""
    progress = await (await project.board()).get_progress()
    return [line.agent for line in progress.running if line.task == key]


async def test_a_silent_agent_keeps_its_task_while_its_server_renews(project: Project) -> None:
    board, key = await holding(project)
    keeper = Keeper(board, Complaints())
    for _ in range(10):
        project.clock.advance(await keeper.step())
    assert await agent_of(project, key) == ["ann"]


async def test_without_renewal_the_task_is_given_back(project: Project) -> None:
    _, key = await holding(project)
    project.clock.advance(LEASE + 1)
    assert await agent_of(project, key) == []


async def test_three_renewals_fit_into_a_lease(project: Project) -> None:
    board, _ = await holding(project)
    assert await Keeper(board, Complaints()).step() == LEASE / 3


async def test_a_busy_store_costs_no_lease_and_is_mentioned_once(
    project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    board, key = await holding(project)
    keeper = Keeper(board, Complaints())
    project.clock.advance(await keeper.step())

    async def busy() -> None:
        raise CallsheetError("STORE_BUSY", "Somebody writes for long.", "Try again.")

    with monkeypatch.context() as patch:
        patch.setattr(board, "renew_leases", busy)
        for _ in range(4):
            project.clock.advance(await keeper.step())
    await keeper.step()
    project.clock.advance(LEASE / 2)
    assert await agent_of(project, key) == ["ann"]
    assert len(caplog.records) == 1 and "STORE_BUSY" in caplog.records[0].message


async def test_a_session_that_holds_nothing_writes_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write_claudio()
    board = await project.board()
    await board.load_plan()

    async def refused(op: object, unless: object = None) -> None:
        raise AssertionError("nothing is to be written")

    with monkeypatch.context() as patch:
        patch.setattr(board.store, "write", refused)
        await Keeper(board, Complaints()).step()


async def test_a_claim_that_comes_in_while_nothing_is_renewed_is_renewed_the_next_time(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    board, key = await holding(project)
    write = board.store.write

    async def claimed_meanwhile(*args: object, **more: object) -> int:
        await write(*args, **more)  # type: ignore[arg-type]
        board.holds_something = True  # as a claim's answer does
        return 0

    monkeypatch.setattr(board.store, "write", claimed_meanwhile)
    await board.renew_leases()
    monkeypatch.undo()
    assert board.holds_something
    project.clock.advance(LEASE * 0.9)
    await board.renew_leases()
    project.clock.advance(LEASE * 0.9)
    assert await agent_of(project, key) == ["ann"]
