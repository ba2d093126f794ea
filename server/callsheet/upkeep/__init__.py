"""What a living server does beside answering: it renews leases and keeps the status files true.

`run` does both until it is cancelled. `publish_now` brings the status files up to date once: for
commands, which end with their answer, and for the clean end of a server.
"""

from pathlib import Path

import anyio

from callsheet.engine.board import Board
from callsheet.upkeep.complaints import Complaints
from callsheet.upkeep.leases import Keeper

__all__ = ["publish_now", "run"]

LAST_WORD_SECONDS = 5.0
"""How long the end of a process may be held up by its status files."""


async def run(board: Board, root: Path) -> None:
    """Keep up a session's leases and the project's status files, until cancelled.

    Nothing that goes wrong here ends the server: it is logged once and tried again.
    """
    from callsheet.upkeep.publisher import Publisher  # late: nothing is due in the first moment

    complaints = Complaints()
    keeper = Keeper(board, complaints)
    publisher = Publisher(board.store, board.env, root, complaints)
    async with anyio.create_task_group() as group:
        group.start_soon(keeper.keep)
        group.start_soon(publisher.keep)


async def publish_now(board: Board, root: Path) -> None:
    """Bring the status files up to date with all that is in the database by now.

    Problems are logged, not raised. Goes on to the end, for 5 seconds, whoever is cancelled.
    """
    from callsheet.upkeep.publisher import Publisher

    publisher = Publisher(board.store, board.env, root, Complaints())
    with anyio.move_on_after(LAST_WORD_SECONDS, shield=True):
        await publisher.now()
