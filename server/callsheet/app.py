"""The composition root: the one place that knows all parts and puts them together."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from random import SystemRandom
from typing import Literal

import anyio

from callsheet.engine.board import Board
from callsheet.engine.clock import SystemClock
from callsheet.engine.env import Env, Policy
from callsheet.engine.sessions import LocalProcesses
from callsheet.model.backoff import Backoff
from callsheet.model.errors import CallsheetError
from callsheet.plan.draft import PlanDraft
from callsheet.settings import Settings
from callsheet.store.opening import open_sqlite
from callsheet.upkeep import Upkeep, publish_now, rendered_pages

STATE_FOLDER = ".callsheet"
DATABASE = "state.db"


def database_of(root: Path) -> Path:
    """Where a project's state is kept."""
    return root / STATE_FOLDER / DATABASE


@asynccontextmanager
async def open_board(
    settings: Settings, root: Path, kind: Literal["stdio", "cli"] = "stdio"
) -> AsyncIterator[Board]:
    """The project's board for one session. At the end the status files are true and all is closed."""
    clock = SystemClock()
    store = await open_sqlite(
        database_of(root),
        now_ms=clock.now().wall,
        synchronous=settings.synchronous,
        busy_seconds=settings.busy_seconds,
        allow_network_fs=settings.allow_network_fs,
    )
    env = Env(clock, SystemRandom(), policy_from(settings))
    plans = _Plans(root, settings.phases_in_order)
    board = Board(store, env, plans, LocalProcesses(), kind)
    try:
        yield board
    finally:
        try:
            await publish_now(board, root)
        finally:
            await board.close()


class _Plans:
    """The project's plans. What reads them is imported with the first: few servers read one."""

    def __init__(self, root: Path, phases_in_order: bool) -> None:
        self._root = root
        self._phases_in_order = phases_in_order

    async def read(self, path: str | None, format: str | None, name: str | None) -> PlanDraft:
        from callsheet.sources import SourceReader

        reader = SourceReader(self._root, phases_in_order=self._phases_in_order)
        return await reader.read(path, format, name)


def policy_from(settings: Settings) -> Policy:
    """The engine's rules from the user's settings."""
    return Policy(
        parallel=settings.parallel,
        max_attempts=settings.max_attempts,
        max_silence_minutes=settings.max_silence_minutes,
        max_runtime_minutes=settings.max_runtime_minutes,
        lease_seconds=settings.lease_seconds,
        backoff=Backoff(
            settings.retry_base_seconds,
            settings.retry_factor,
            settings.retry_max_seconds,
            settings.retry_jitter,
        ),
        type_limits=settings.limits.types,
        agent_limit=settings.limits.per_agent,
        pools=settings.pools,
        routes=settings.routes,
        enforce_routes=settings.enforce_routes,
        budgets=settings.budgets.model_dump(exclude_none=True),
    )


class ProjectDesk:
    """What one server process has on its desk: the board, opened when needed, and its upkeep.

    A server started in a folder without callsheet's state touches nothing there until a tool is
    called. A database that can't be opened answers with the reason at each call, which tries again.
    """

    def __init__(self, settings: Settings, root: Path) -> None:
        self._settings = settings
        self._root = root
        self._stack = AsyncExitStack()
        self._opening = anyio.Lock()
        self._opened = anyio.Event()
        self._board: Board | None = None

    async def board(self) -> Board:
        """The board; opens it if need be. Errors: STORE_*, NOT_ALLOWED."""
        if self._board is None:
            async with self._opening:
                if self._board is None:
                    opening = open_board(self._settings, self._root)
                    self._board = await self._stack.enter_async_context(opening)
                    self._opened.set()
        return self._board

    async def run(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Keep leases and status files from the moment the board is open, until cancelled."""
        if database_of(self._root).exists():
            with suppress(CallsheetError):  # the first call will say it to somebody
                await self.board()
        await self._opened.wait()
        await Upkeep(await self.board(), self._root, changed).run()

    async def status_page(self) -> str:
        """The page of every plan, as in the status file."""
        return await rendered_pages(await self.board())

    async def close(self) -> None:
        """End the session; what `open_board` does at its end."""
        await self._stack.aclose()


def serve_stdio(settings: Settings, root: Path, profile: str) -> None:
    """Serve the project over stdio until the client leaves; ends the process."""
    from callsheet.transport.stdio import serve  # late: commands need no MCP

    serve(profile, ProjectDesk(settings, root))
