"""The state of the engine as far as its event log was read; what `check_log` judges events by."""

import json
from collections import defaultdict
from dataclasses import dataclass, field

from callsheet.engine.env import Policy
from callsheet.engine.facts import Dep, Event, Facts
from callsheet.engine.violation import Violation
from callsheet.model.resource import Resource
from callsheet.model.states import MET
from callsheet.store.rows import AttemptRow, TaskRow

AttemptState = str
"""live, lost or ended."""


@dataclass(slots=True)
class RunSoFar:
    state: str = "active"
    parallel: int = 0
    slots: int = 0
    live: int = 0


@dataclass(slots=True)
class Replay:
    """The state as far as the log was read, and what was found wrong on the way."""

    facts: Facts
    policy: Policy
    tasks: dict[int, TaskRow] = field(default_factory=dict)
    rows: dict[tuple[int, int], AttemptRow] = field(default_factory=dict)
    needs: dict[int, list[Dep]] = field(default_factory=lambda: defaultdict(list))
    attempts: dict[tuple[int, int], AttemptState] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    taken: dict[tuple[int, int], tuple[Resource, ...]] = field(default_factory=dict)
    met: set[int] = field(default_factory=set)
    runs: dict[int, RunSoFar] = field(default_factory=lambda: defaultdict(RunSoFar))
    plan_changed: int = 0
    """The last event that may have changed what tasks require and pools hold."""
    found: list[Violation] = field(default_factory=list)

    def wrong(self, rule: str, what: str, event: Event | None = None) -> None:
        self.found.append(Violation(rule, what, event.seq if event else None))

    def key(self, task: int) -> str:
        return self.tasks[task].key if task in self.tasks else f"task {task}"


def begin(facts: Facts, policy: Policy) -> Replay:
    """The state before the first event."""
    state = Replay(facts, policy)
    state.tasks = {task.id: task for task in facts.tasks}
    state.rows = {(a.task_id, a.n): a for a in facts.attempts}
    for dep in facts.deps:
        state.needs[dep.task].append(dep)
    state.met = _met_from_the_start(facts)
    state.plan_changed = max((e.seq for e in facts.events if e.kind == "plan_loaded"), default=0)
    return state


def _met_from_the_start(facts: Facts) -> set[int]:
    """Tasks that the source called done: nothing in the log made them so."""
    first: dict[int, bool] = {}
    for event in facts.events:
        if event.task is not None and event.task not in first:
            if event.kind == "claimed":
                first[event.task] = False
            elif event.kind.startswith("operator "):
                first[event.task] = json.loads(event.data).get("was") in MET
    return {t.id for t in facts.tasks if first.get(t.id, t.kind == "task" and t.state in MET)}


def compare(state: Replay) -> None:
    """The log against the tables, at the end."""
    rule = "the tables are what the log says"
    for place, row in state.rows.items():
        word = row.state if row.state in ("live", "lost") else "ended"
        if state.attempts.get(place) != word:
            what = f"attempt {row.n} of {state.key(row.task_id)} is {word}"
            state.wrong(rule, f"{what}, but {state.attempts.get(place)} in the log")
    for task in state.facts.tasks:
        if task.kind == "task" and (task.id in state.met) != (task.state in MET):
            state.wrong(rule, f"{task.key} is {task.state}, but not in the log")
    for run in state.facts.runs:
        logged = state.runs[run.id]
        said = (run.state, run.running, run.slots, run.max_running)
        told = (logged.state, logged.live, logged.slots, logged.parallel)
        if said != told:
            state.wrong(rule, f"run {run.id} is {said}, but {told} in the log")
