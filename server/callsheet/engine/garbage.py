"""Python's search for cycles of objects, which large plans do without while they are loaded."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Loading makes very many objects and hardly any cycle of them; to look for cycles again and
    again took a third of the time that a plan of 100,000 tasks needs."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
