"""The session keeper: language models forget heartbeats, so their server process sends them.

Every third of a lease it renews all that the session holds, in one statement; nothing is written
while it holds nothing. After a failure it tries again much sooner: two more failures in a row must
not cost a lease.
"""

import anyio

from callsheet.engine.board import Board
from callsheet.model.errors import CallsheetError
from callsheet.upkeep.complaints import Complaints

SUBJECT = "The leases could not be renewed"


class Keeper:
    """Renews the leases of one session."""

    def __init__(self, board: Board, complaints: Complaints) -> None:
        self._board = board
        self._complaints = complaints

    async def keep(self) -> None:
        """Renew until cancelled."""
        pause = self._board.env.policy.lease_seconds / 3
        while True:
            await anyio.sleep(pause)
            pause = await self.step()

    async def step(self) -> float:
        """Renew once. Returns after how many seconds to do it again."""
        lease = self._board.env.policy.lease_seconds
        try:
            await self._board.renew_leases()
        except (CallsheetError, OSError) as error:
            self._complaints.about(SUBJECT, error)
            return lease / 12
        self._complaints.cured(SUBJECT)
        return lease / 3
