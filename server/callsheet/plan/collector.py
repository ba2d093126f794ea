"""Loads large plans without the cyclic garbage collector walking them again and again.

A draft of 100,000 tasks is some millions of objects that all stay alive and form no cycles. The
collector cannot know and looks through them at every threshold: a third of the time of a load.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Keep the collector from running; reference counting goes on, so nothing else piles up.

    Serves as decorator too. Two threads at once are safe: the first to end switches it on again.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
