"""The real clock of this host."""

import sys
import time
from pathlib import Path

from callsheet.engine.env import Moment


class SystemClock:
    """Wall time for people; for leases the monotonic clock, which stands still while a laptop
    sleeps and never steps, together with the boot that it counts from."""

    def __init__(self) -> None:
        self._boot = _boot_id()

    def now(self) -> Moment:
        return Moment(time.time_ns() // 1_000_000, time.monotonic_ns() // 1_000_000, self._boot)


def _boot_id() -> str:
    if sys.platform == "linux":
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    # Elsewhere: when the monotonic clock began, to ten minutes, since wall clocks drift and step.
    return f"{sys.platform}-{round((time.time() - time.monotonic()) / 600)}"
