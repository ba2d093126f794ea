"""The composition root: the one place that knows all parts and puts them together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import SystemRandom
from typing import Literal

from callsheet.engine.board import Board
from callsheet.engine.clock import SystemClock
from callsheet.engine.env import Env, Policy
from callsheet.engine.sessions import LocalProcesses
from callsheet.model.backoff import Backoff
from callsheet.settings import Settings
from callsheet.sources import SourceReader
from callsheet.store.opening import open_sqlite
from callsheet.upkeep import publish_now

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
    plans = SourceReader(root, phases_in_order=settings.phases_in_order)
    board = Board(store, env, plans, LocalProcesses(), kind)
    try:
        yield board
    finally:
        await publish_now(board, root)
        await board.close()


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
        phases_in_order=settings.phases_in_order,
    )
