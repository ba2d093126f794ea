"""What a living server does beside answering: it renews leases and keeps the status files true.

`Upkeep.run` does both until it is cancelled. `publish_now` brings the status files up to date
once: for commands, which end with their answer, and for the clean end of a server.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio

from callsheet.engine.board import Board
from callsheet.upkeep.complaints import LOG, Complaints
from callsheet.upkeep.leases import Keeper

AFTER_FAULT_SECONDS = 5.0
LAST_WORD_SECONDS = 5.0
"""How long the end of a process may be held up by its status files."""


class Upkeep:
    """The upkeep of one session's board. `changed` is told, at most once a second, of changes."""

    def __init__(self, board: Board, root: Path, changed: Callable[[], Awaitable[None]]) -> None:
        self._board = board
        self._root = root
        self._changed = changed

    async def run(self) -> None:
        """Renew leases and publish until cancelled.

        What goes wrong with a lease or a file is logged once and tried again; it ends nothing.
        """
        from callsheet.upkeep.publisher import Publisher  # late: nothing is due at the start

        complaints = Complaints()
        keeper = Keeper(self._board, complaints)
        publisher = Publisher(self._board.store, self._board.env, self._root, complaints)
        async with anyio.create_task_group() as group:
            group.start_soon(_for_ever, keeper.keep)
            group.start_soon(_for_ever, publisher.keep, self._changed)


async def _for_ever(work: Callable[..., Awaitable[None]], *args: Any) -> None:
    """Begin anew after a fault of our own: a page is not worth the tasks that a session holds."""
    while True:
        try:
            await work(*args)
        except Exception:  # noqa: BLE001 - whatever it is, the server must outlive it
            LOG.exception("This is a fault in callsheet; the upkeep begins anew")
        await anyio.sleep(AFTER_FAULT_SECONDS)


async def publish_now(board: Board, root: Path) -> None:
    """Bring the status files up to date with all that is in the database by now.

    Problems are logged, not raised. Goes on to the end, for 5 seconds, whoever is cancelled.
    """
    from callsheet.upkeep.publisher import Publisher

    publisher = Publisher(board.store, board.env, root, Complaints())
    with anyio.move_on_after(LAST_WORD_SECONDS, shield=True):
        await publisher.now()


async def rendered_pages(board: Board) -> str:
    """The page of every plan, as it stands in the project's status file."""
    from callsheet.engine.pages import project_statuses
    from callsheet.views.status import project_page

    await board.tidy()
    statuses = await board.store.read(lambda: project_statuses(board.env))
    return "\n".join(project_page(status) for status in statuses)
