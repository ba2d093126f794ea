"""The states of a task and every way from one to another: the one table.

The SQL CHECK, the diagram in docs/states.md and the property tests derive from it. What a
transition needs beyond the state (a slot, an unbroken claim) is decided by the engine.
"""

from typing import Literal, NamedTuple, get_args

State = Literal[
    "waiting",
    "ready",
    "running",
    "verifying",
    "delayed",
    "blocked",
    "failed",
    "done",
    "skipped",
    "cancelled",
]
STATES: tuple[State, ...] = get_args(State)

MET: frozenset[State] = frozenset({"done", "skipped"})
"""A dependency in one of these no longer holds anybody up."""
CLOSED: frozenset[State] = MET | {"cancelled"}
"""Nothing is left to do about a task in one of these: a run is finished when all are."""
NEEDS_SOMEBODY: frozenset[State] = frozenset({"failed", "blocked", "cancelled"})
"""Tasks behind one of these never become ready by themselves: they are stuck."""


class Transition(NamedTuple):
    source: State
    cause: str
    target: State


_ENDINGS: tuple[tuple[str, State], ...] = (("skip", "skipped"), ("cancel", "cancelled"))

TRANSITIONS: tuple[Transition, ...] = (
    Transition("waiting", "last dependency met", "ready"),
    Transition("waiting", "all members met", "done"),  # milestones and containers only
    Transition("ready", "claimed", "running"),
    Transition("running", "completed", "done"),
    Transition("running", "completed, gates open", "verifying"),
    Transition("verifying", "gates passed", "done"),
    Transition("verifying", "rejected", "ready"),
    Transition("verifying", "rejected, attempts used up", "failed"),
    Transition("running", "released", "ready"),
    Transition("running", "released five times in a row", "blocked"),
    Transition("running", "transient error, rate limit, lease lost", "delayed"),
    Transition("running", "attempts used up", "failed"),
    Transition("running", "permanent error", "failed"),
    Transition("running", "needs a person", "blocked"),
    Transition("running", "hand-out undone", "ready"),
    Transition("delayed", "last holder reports", "running"),
    Transition("ready", "last holder reports", "running"),
    Transition("delayed", "last holder completes", "done"),
    Transition("ready", "last holder completes", "done"),
    Transition("delayed", "last holder completes, gates open", "verifying"),
    Transition("ready", "last holder completes, gates open", "verifying"),
    Transition("delayed", "due", "ready"),
    Transition("ready", "dependency added or reopened", "waiting"),
    Transition("delayed", "dependency added or reopened", "waiting"),
    *(
        Transition(source, "operator: retry, unblock", target)
        for source in ("failed", "blocked")
        for target in ("ready", "waiting")
    ),
    *(
        Transition(source, "operator: reopen", target)
        for source in ("done", "skipped", "cancelled")
        for target in ("ready", "waiting")
    ),
    *(
        Transition(source, f"operator: {verb}", target)
        for source in STATES
        if source not in CLOSED
        for verb, target in _ENDINGS
    ),
    Transition("done", "member added or reopened", "waiting"),  # milestones and containers only
)

ALLOWED: frozenset[tuple[State, State]] = frozenset((t.source, t.target) for t in TRANSITIONS)
