"""Waiting for the plan to change without keeping a core busy.

Every write takes the next number of the project's sequence, so one cheap read tells whether
anything has changed, in this process or another. A look with its thread hops costs 0.3 to 0.6 ms:
they come quickly at first, and five a second later, so that an agent that waits for long costs well
below 1 % of a core.
"""

import anyio

from callsheet.engine.progress import sequence
from callsheet.store.port import Store

FIRST_LOOK_SECONDS = 0.025
LAST_LOOK_SECONDS = 0.2
SLOWER = 1.5


async def wait_for_change(store: Store, seen: int, seconds: float) -> None:
    """Return when the sequence has moved on from `seen`, or after `seconds`."""
    deadline = anyio.current_time() + seconds
    pause = FIRST_LOOK_SECONDS
    while await store.read(sequence) == seen:
        left = deadline - anyio.current_time()
        if left <= 0:
            return
        await anyio.sleep(min(left, pause))
        pause = min(pause * SLOWER, LAST_LOOK_SECONDS)
