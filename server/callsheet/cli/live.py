"""Lines that redraw themselves in place. The one module that needs rich."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

SECONDS_BETWEEN_FRAMES = 0.05


@contextmanager
def live(lines: Callable[[], Sequence[str]]) -> Iterator[Callable[[], None]]:
    """Show `lines()` and give a function that shows them anew; the last picture stays.

    Drawn only when asked to, in the caller's own thread, at most twenty times a second. The lines
    are taken as they are: no markup of rich's is read in them.
    """
    console = Console(highlight=False, no_color=bool(os.environ.get("NO_COLOR")))
    shown_at = 0.0

    def picture() -> Text:
        return Text.from_ansi("\n".join(lines()), no_wrap=True, overflow="ellipsis")

    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as screen:

        def redraw() -> None:
            nonlocal shown_at
            now = time.monotonic()
            if now - shown_at >= SECONDS_BETWEEN_FRAMES:
                shown_at = now
                screen.update(picture(), refresh=True)

        redraw()
        try:
            yield redraw
        finally:
            screen.update(picture(), refresh=True)
