"""What happened in a demonstration, counted from what the agents saw. Pure: events in, counts out."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["ready", "claimed", "progress", "done", "failed", "waits", "left"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that an agent saw. `seconds` since the run was started, 0 before it."""

    kind: Kind
    agent: str
    seconds: float = 0.0
    task: str = ""
    title: str = ""
    phase: str | None = None
    attempt: int = 0
    percent: int = 0
    note: str = ""


@dataclass(slots=True)
class PhaseTally:
    title: str
    total: int
    done: int = 0

    @property
    def share(self) -> float:
        return self.done / self.total if self.total else 0.0

    @property
    def counted(self) -> str:
        return f"{self.done}/{self.total}"


@dataclass(slots=True)
class Tally:
    """The counts so far. `phases` and `total` are set once the plan is loaded."""

    title: str = ""
    total: int = 0
    phases: dict[str | None, PhaseTally] = field(default_factory=dict)
    agents: dict[str, Event] = field(default_factory=dict)
    """The last event of each agent: what it is doing now."""
    claims: list[tuple[str, int]] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    most_at_once: int = 0

    def add(self, event: Event) -> None:
        self.agents[event.agent] = event
        if event.kind == "claimed":
            self.claims.append((event.task, event.attempt))
            self.most_at_once = max(self.most_at_once, self.at_work)
        elif event.kind == "done":
            self.completed.append(event.task)
            if event.phase in self.phases:
                self.phases[event.phase].done += 1
        elif event.kind == "failed":
            self.failed.add(event.task)

    @property
    def at_work(self) -> int:
        return sum(event.kind in ("claimed", "progress") for event in self.agents.values())

    @property
    def retried(self) -> list[str]:
        """Tasks that failed first and were done later."""
        return sorted(self.failed & set(self.completed))

    @property
    def handed_out_twice(self) -> int:
        """Attempts given to two agents, and tasks completed twice. 0, unless callsheet is broken."""
        same_attempt = len(self.claims) - len(set(self.claims))
        return same_attempt + len(self.completed) - len(set(self.completed))
