"""The bookkeeping of one write transaction: its place in the order, its events, its counters.

Every operation begins with `open_ledger`, tells the ledger of each change of state, and ends with
`settle`, which writes counters and events. So the counters are kept in one place, and can't
drift from the states they count.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Protocol

from callsheet.engine.env import Caller, Moment
from callsheet.model.states import ALLOWED, CLOSED, State
from callsheet.store.port import Op
from callsheet.store.sql import ledger as sql

_COMPACT = json.JSONEncoder(separators=(",", ":"))


class Counted(Protocol):
    """The part of a task row that the counters need."""

    @property
    def id(self) -> int: ...
    @property
    def plan_id(self) -> int: ...
    @property
    def phase_id(self) -> int: ...
    @property
    def run_id(self) -> int | None: ...
    @property
    def kind(self) -> str: ...


@dataclass
class RunDelta:
    running: int = 0
    remaining: int = 0
    total: int = 0
    attempts: int = 0
    minutes: float = 0.0
    slots: int = 0
    """Slots to give back to a run that a rate limit had slowed down."""


@dataclass
class Ledger:
    seq: int
    now: Moment
    caller: Caller
    events: list[dict[str, Any]] = field(default_factory=list)
    written: int = 0
    """Events of this transaction that are in the log already."""
    tally: dict[tuple[int, int, str], int] = field(default_factory=lambda: defaultdict(int))
    runs: dict[int, RunDelta] = field(default_factory=lambda: defaultdict(RunDelta))
    ended: dict[int, str] = field(default_factory=dict)
    """Runs whose state changed because this transaction took their last task: finished, paused."""
    progress: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Remaining and all tasks of the runs touched, once settled."""

    def moved(self, task: Counted, old: State, new: State) -> None:
        """Count a task's change of state. The caller has written, or will write, the row."""
        if (old, new) not in ALLOWED:
            raise AssertionError(f"no transition from {old} to {new}")  # a bug of ours
        if task.kind != "task":
            return
        self.tally[task.plan_id, task.phase_id, old] -= 1
        self.tally[task.plan_id, task.phase_id, new] += 1
        closing = (new in CLOSED) - (old in CLOSED)
        if task.run_id is not None and closing:
            self.runs[task.run_id].remaining -= closing

    def event(
        self,
        kind: str,
        *,
        plan: int | None = None,
        run: int | None = None,
        task: int | None = None,
        attempt: int | None = None,
        **data: Any,
    ) -> None:
        """Append an event; `data` must be JSON, and None values are left out."""
        text = _COMPACT.encode({k: v for k, v in data.items() if v is not None})
        self.events.append(
            {
                "seq": self.seq,
                "n": self.written + len(self.events),
                "at": self.now.wall,
                "kind": kind,
                "plan": plan,
                "run": run,
                "task": task,
                "attempt": attempt,
                "session": self.caller.session_id,
                "agent": self.caller.agent,
                "data": text,
            }
        )

    def settle(self) -> Op[None]:
        """Write the counters and events so far; runs that are thereby over end here.

        May be called in between, where a later step must see the counters.
        """
        for run_id, delta in self.runs.items():
            yield from self._settle_run(run_id, delta)
        changes = [
            {"plan": plan, "phase": phase, "state": state, "n": n}
            for (plan, phase, state), n in self.tally.items()
            if n
        ]
        if changes:
            yield sql.ADD_TALLY, changes
        if self.events:
            yield sql.ADD_EVENT, self.events
        self.written += len(self.events)
        self.runs, self.tally, self.events = defaultdict(RunDelta), defaultdict(int), []

    def _settle_run(self, run_id: int, delta: RunDelta) -> Op[None]:
        if delta == RunDelta():
            return
        params = {"run": run_id, **vars(delta)}
        [(state, running, remaining, total)] = yield sql.ADD_TO_RUN, params
        self.progress[run_id] = (remaining, total)
        if remaining == 0 and state in ("active", "paused", "draining"):
            yield sql.FINISH_RUN, {"run": run_id, "at": self.now.wall}
            self.ended[run_id] = "finished"
            self.event("run_finished", run=run_id)
        elif running == 0 and state == "draining":
            yield sql.DRAINED, {"run": run_id, "mono": self.now.mono}
            self.ended[run_id] = "paused"
            self.event("run_drained", run=run_id)
