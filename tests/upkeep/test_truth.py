"""Somebody who reads the page all the time never sees a torn or a false one."""

import json
import sys
from pathlib import Path
from typing import Any, Self

import anyio
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream
from upkeep.upkeep_kit import PAGE, Project

from callsheet.engine.board import Board
from callsheet.engine.env import Policy
from callsheet.model.outcome import Claimed
from callsheet.plan.draft import TaskDraft
from callsheet.upkeep.publisher import Publisher

READER = Path(__file__).with_name("page_reader.py")
TASKS = 120
SESSIONS = 4


async def work(project: Project, board: Board, publisher: Publisher, agent: str) -> None:
    """Claim and end tasks, each in one of three ways, until there are none; publish in between."""
    while True:
        claimed = await board.claim_task(agent=agent)
        if not isinstance(claimed, Claimed):
            return
        await board.report_progress(claimed.claim, percent=50, note="half way")
        project.clock.advance(0.4)
        await publisher.step()
        number = int(claimed.task.key)
        if number % 10 == 7:
            await board.fail_task(claimed.claim, "no way", kind="permanent")
        elif number % 10 == 3 and claimed.task.attempt == 1:
            await board.release_task(claimed.claim, reason="not mine")
        else:
            await board.complete_task(claimed.claim, "done")
        project.clock.advance(0.4)
        await publisher.step()


def graph() -> list[TaskDraft]:
    """Rows of four, each task behind one of the row before; failures leave some behind them."""
    return [
        TaskDraft(str(n), f"Task {n}", depends_on=(str(n - 4),) if n >= 4 else ())
        for n in range(TASKS)
    ]


class Reader:
    """The reading process; entered once it has read the page for the first time."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def __aenter__(self) -> Self:
        self._process = await anyio.open_process([sys.executable, str(READER), str(self._root)])
        assert self._process.stdout is not None
        self._out = BufferedByteReceiveStream(self._process.stdout)
        assert await self._out.receive_until(b"\n", 100) == b"reading"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._process.aclose()

    async def ended(self) -> dict[str, list[Any]]:
        """What it saw, after one last look."""
        (self._root / "stop").touch()
        told: dict[str, list[Any]] = json.loads(b"".join([piece async for piece in self._out]))
        return told


async def test_no_reader_sees_a_torn_or_false_page_while_four_sessions_work(
    project: Project,
) -> None:
    boards = [await project.board(Policy(parallel=SESSIONS)) for _ in range(SESSIONS)]
    publishers = [project.publisher(board) for board in boards]
    await boards[0].add_tasks(graph())
    await publishers[0].step()
    await boards[0].start_run()
    async with Reader(project.root) as reader:
        async with anyio.create_task_group() as group:
            for number, (board, publisher) in enumerate(zip(boards, publishers, strict=True)):
                group.start_soon(work, project, board, publisher, f"agent-{number}")
        await publishers[0].now()
        told = await reader.ended()
    assert told["wrong"] == []
    assert len(told["revisions"]) > 3
    assert told["revisions"][-1] == await project.revision(boards[0])
    assert "**failed**" in project.text() and "## Stuck" in project.text()


@pytest.mark.parametrize(
    ("true", "false", "complaint"),
    [
        ("1 running", "2 running", "the log says"),
        ("rev=3 ", "rev=2 ", "the log says"),
        ("<!-- callsheet:end -->", "", "torn"),
    ],
)
async def test_the_reader_does_notice_a_torn_or_false_page(
    project: Project, true: str, false: str, complaint: str
) -> None:
    board = await project.board()
    await board.add_tasks(graph())
    await board.start_run()
    claimed = await board.claim_task(agent="ann", task="0")
    assert isinstance(claimed, Claimed)
    await project.publisher(board).step()
    page = project.text()
    async with Reader(project.root) as reader:
        assert true in page
        (project.root / PAGE).write_text(page.replace(true, false))
        told = await reader.ended()
    assert complaint in told["wrong"][-1]
