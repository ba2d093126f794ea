"""What the agents do: how long they work, what they say, and what goes wrong once.

The failure belongs to the script of the bundled project. The server knows nothing of it: it is told
of a transient error as by any other agent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

WORK_SECONDS = 4.5
"""What all tasks of a plan take together; each gets its share by its estimate."""
NAMES = ("ada", "ben", "cleo", "dan")


@dataclass(frozen=True, slots=True)
class Script:
    """`fails_once`: the tasks whose first attempt fails, each with what the agent says then."""

    fails_once: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    """What the agents say they can do, so that every task of a plan finds somebody."""

    def failure(self, task: str, attempt: int) -> str | None:
        return self.fails_once.get(task) if attempt == 1 else None


LANTERN_BOOKS = Script({"2.5": "The payment sandbox answered 503 Service Unavailable."})


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the agents work on a task, so that a plan of any size takes a few seconds."""

    seconds_per_minute: float
    seconds_without_estimate: float

    def seconds(self, estimate_minutes: float | None) -> float:
        if estimate_minutes is None:
            return self.seconds_without_estimate
        return estimate_minutes * self.seconds_per_minute


def pace(tasks: int, estimated_minutes: float | None, work_seconds: float = WORK_SECONDS) -> Pace:
    """The pace for `tasks` open tasks whose estimates add up to `estimated_minutes`."""
    each = work_seconds / max(1, tasks)
    return Pace(work_seconds / estimated_minutes if estimated_minutes else 0.0, each)


def agent_names(count: int) -> list[str]:
    return [NAMES[n] if n < len(NAMES) else f"agent-{n + 1}" for n in range(count)]
