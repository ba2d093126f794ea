"""Projects on disk whose boards and publishers a test drives step by step, on its own clock."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from textwrap import dedent

from engine.kit import FakeProcesses, VirtualClock

from callsheet.engine import pages
from callsheet.engine.board import Board
from callsheet.engine.env import Env, Policy
from callsheet.files.block import revisions
from callsheet.sources import SourceReader
from callsheet.store.opening import open_sqlite
from callsheet.upkeep.complaints import Complaints
from callsheet.upkeep.publisher import Publisher

PAGE = ".claudio/status.md"

CLAUDIO = {
    "phase1/tasks.md": """
        # Phase 1: Base

        ## Task 1.1: Schema
        **Estimated Time**: 1 hour

        ## Task 1.2: Parser
        **Estimated Time**: 2 hours
        **Dependencies**: Task 1.1

        ## Task 1.3: Docs
    """,
    "phase1/parser-work/claude.md": "# Task 1.2: Parser\n\nMind the gap.\n",
    "phase2/tasks.md": """
        # Phase 2: Launch

        ## Task 2.1: Release
        **Estimated Time**: 30 minutes
    """,
}


class Project:
    """A project's folder, with as many boards on it as a test opens. Time stands still."""

    def __init__(self, root: Path, stack: AsyncExitStack) -> None:
        self.root = root
        self.clock = VirtualClock()
        self._stack = stack

    async def board(self, policy: Policy | None = None) -> Board:
        """A session of its own on the project's database."""
        store = await open_sqlite(
            self.root / ".callsheet" / "state.db", now_ms=self.clock.wall, synchronous="NORMAL"
        )
        env = Env(self.clock, Random(1), policy or Policy())
        plans = SourceReader(self.root, phases_in_order=True)
        board = Board(store, env, plans, FakeProcesses(), "stdio")
        self._stack.push_async_callback(board.close)
        return board

    def publisher(self, board: Board) -> Publisher:
        return Publisher(board.store, board.env, self.root, Complaints())

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def write_claudio(self) -> None:
        for path, text in CLAUDIO.items():
            self.write(f".claudio/{path}", text)

    def text(self, path: str = PAGE) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def pages(self) -> set[str]:
        """The status files there are."""
        found = (self.root / ".claudio").rglob("*status.md")
        return {file.relative_to(self.root / ".claudio").as_posix() for file in found}

    async def revision(self, board: Board, path: str = PAGE, plan: str = "main") -> int | None:
        """Of a whole, untouched block that this database wrote."""
        uid = (await board.store.read(pages.stamp)).uid
        return revisions((self.root / path).read_bytes(), uid).get(plan)


@asynccontextmanager
async def project_in(root: Path) -> AsyncIterator[Project]:
    async with AsyncExitStack() as stack:
        yield Project(root, stack)


def counts(page: str) -> dict[str, int]:
    """The states of a page's totals line, with their numbers."""
    line = next(line for line in page.splitlines() if " · as of " in line)
    return {state: int(n) for n, state in re.findall(r"(\d+) ([a-z]+)(?: ·|$)", line)}
