"""The event log, replayed: every step must have been allowed when it was taken.

Writes come one after the other, so the order of the log is the order of what happened, and a
replay needs no clock. At its end the replayed state must be what the tables say.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from callsheet.engine import holds
from callsheet.engine.env import Policy
from callsheet.engine.facts import Event, Facts
from callsheet.engine.replay import AttemptState, Replay, begin, compare
from callsheet.engine.violation import Violation
from callsheet.model import resource as res
from callsheet.model.resource import Resource
from callsheet.model.states import MET


def replay(facts: Facts, policy: Policy) -> list[Violation]:
    """What the log shows to be wrong."""
    state = begin(facts, policy)
    _check_order(state)
    for event in facts.events:
        handle = _HANDLERS.get(event.kind)
        if handle is not None:
            handle(state, event, json.loads(event.data))
        elif event.kind.startswith("operator "):
            _resolved(state, event, json.loads(event.data))
        elif event.kind.startswith("run_"):
            _run_changed(state, event)
    compare(state)
    return state.found


def _check_order(state: Replay) -> None:
    last, expected = 0, 0
    for event in state.facts.events:
        expected = expected if event.seq == last else 0
        if event.seq < last or event.n != expected or event.seq > state.facts.seq:
            what = f"event {event.seq}.{event.n} comes after {last}.{expected - 1}"
            state.wrong("events are in commit order", what, event)
        last, expected = event.seq, event.n + 1


# --- handing out -------------------------------------------------------------------------------


def _claimed(state: Replay, event: Event, data: dict[str, Any]) -> None:
    task, n = _of(event)
    row = state.rows.get((task, n))
    if row is None or row.fence != event.seq:
        state.wrong("fences are event numbers", f"{state.key(task)} attempt {n}", event)
    if n != state.last[task] + 1:
        what = f"attempt {n} of {state.key(task)} follows {state.last[task]}"
        state.wrong("attempt numbers only grow", what, event)
    for name in _unmet_needs(state, task, event.seq):
        what = f"{state.key(task)} was handed out before {name} was met"
        state.wrong("claims wait for dependencies", what, event)
    if event.seq > state.plan_changed and task in state.tasks:
        requires = set(json.loads(state.facts.requires[state.tasks[task].class_id]))
        if missing := requires - set(data.get("capabilities", ())):
            what = f"{state.key(task)} went to {event.agent!r}, who lacks {sorted(missing)}"
            state.wrong("agents have the required capabilities", what, event)
    _check_scope(state, event, task)
    _begin(state, event, tuple(holds.listed(data.get("resources"))), ("active",))
    state.last[task] = n


def _check_scope(state: Replay, event: Event, task: int) -> None:
    """A task belongs to the last run that covered it, so only an older run can be wrong.

    What was handed out once may be a container by now.
    """
    row = state.tasks.get(task)
    if (
        row is None
        or row.kind == "milestone"
        or row.run_id is None
        or row.run_id < (event.run or 0)
    ):
        what = f"{state.key(task)} was handed out in run {event.run}"
        state.wrong("claims stay inside the scope", what, event)


def _taken_back_up(state: Replay, event: Event, data: dict[str, Any]) -> None:
    task, n = _of(event)
    if state.attempts.get((task, n)) != "lost" or state.last[task] != n:
        what = f"attempt {n} of {state.key(task)} came back, but was not the last, lost one"
        state.wrong("superseded attempts stay ended", what, event)
    _begin(state, event, state.taken.get((task, n), ()), ("active", "draining"))


def _begin(
    state: Replay, event: Event, resources: tuple[Resource, ...], run_states: tuple[str, ...]
) -> None:
    task, n = _of(event)
    run = state.runs[event.run or 0]
    live = [place for place, word in state.attempts.items() if word == "live"]
    if any(other == task for other, _ in live):
        state.wrong("one live attempt a task", f"{state.key(task)} attempt {n}", event)
    if run.state not in run_states:
        what = f"{state.key(task)} was handed out while run {event.run} was {run.state}"
        state.wrong("only active runs hand out", what, event)
    if run.live >= run.slots:
        what = f"{state.key(task)} makes {run.live + 1} running in {run.slots} slots"
        state.wrong("the limit is exact", what, event)
    held = [r for place in live if place[0] != task for r in state.taken[place]]
    if on := res.obstacle(resources, held, _capacities(state, event, resources)):
        what = f"{state.key(task)} was handed out although {on} was held"
        state.wrong("running tasks don't clash", what, event)
    state.attempts[task, n] = "live"
    state.taken[task, n] = resources
    run.live += 1


def _unmet_needs(state: Replay, task: int, seq: int) -> Iterator[str]:
    """Keys of the tasks that this one had to wait for, straight or through barriers."""
    waiting, seen = [task], {task}
    while waiting:
        for dep in state.needs[waiting.pop()]:
            node = state.tasks[dep.needs]
            if dep.since > seq or dep.needs in seen:
                continue
            seen.add(dep.needs)
            if node.kind != "task":
                waiting += [dep.needs] * (node.state != "skipped")
            elif dep.needs not in state.met:
                yield node.key


def _capacities(state: Replay, event: Event, resources: tuple[Resource, ...]) -> dict[str, int]:
    """Of the pools wanted; what they held before the plan last changed isn't known any more."""
    known = {**state.facts.pools, **state.policy.pools}
    certain = event.seq > state.plan_changed
    return {r.value: known.get(r.value, 1) if certain else 2**62 for r in resources}


# --- while it runs, and its end ----------------------------------------------------------------


def _reported(state: Replay, event: Event, data: dict[str, Any]) -> None:
    _check_holder(state, event, ("live", "lost"))


def _completed(state: Replay, event: Event, data: dict[str, Any]) -> None:
    task, n = _of(event)
    _check_holder(state, event, ("lost",) if data.get("late") else ("live",))
    if task in state.met:
        state.wrong("one accepted completion", f"{state.key(task)} attempt {n}", event)
    state.met.add(task)
    _stop(state, task, n, "ended")
    run = state.runs[event.run or 0]
    run.slots = min(run.parallel, run.slots + 1)


def _failed(state: Replay, event: Event, data: dict[str, Any]) -> None:
    _check_holder(state, event, ("live", "lost"))
    _stop(state, *_of(event), "ended")
    if data.get("why") == "rate_limited":
        run = state.runs[event.run or 0]
        run.slots = max(1, run.slots // 2)


def _ended(state: Replay, event: Event, data: dict[str, Any]) -> None:
    _check_holder(state, event, ("live", "lost") if event.kind == "released" else ("live",))
    _stop(state, *_of(event), "ended")


def _lost(state: Replay, event: Event, data: dict[str, Any]) -> None:
    task, n = _of(event)
    if state.attempts.get((task, n)) != "live":
        what = f"attempt {n} of {state.key(task)} was lost, but was not running"
        state.wrong("only running attempts are lost", what, event)
    _stop(state, task, n, "lost")


def _check_holder(state: Replay, event: Event, allowed: tuple[AttemptState, ...]) -> None:
    """Only the last attempt, not yet ended, and only by its own agent."""
    task, n = _of(event)
    row = state.rows.get((task, n))
    word = state.attempts.get((task, n))
    if word not in allowed or state.last[task] != n:
        what = f"{event.kind}: attempt {n} of {state.key(task)} was {word or 'unknown'}"
        state.wrong("only the holder's claim changes its attempt", what, event)
    if row is not None and row.agent != event.agent:
        what = f"{event.kind}: {event.agent!r} used the claim of {row.agent!r}"
        state.wrong("only the holder's claim changes its attempt", what, event)


def _stop(state: Replay, task: int, n: int, word: AttemptState) -> None:
    row = state.rows.get((task, n))
    if state.attempts.get((task, n)) == "live" and row is not None:
        state.runs[row.run_id].live -= 1
    state.attempts[task, n] = word


# --- operators and runs ------------------------------------------------------------------------


def _resolved(state: Replay, event: Event, data: dict[str, Any]) -> None:
    task = event.task or 0
    if state.last[task]:
        _stop(state, task, state.last[task], "ended")
    if data["state"] in MET:
        state.met.add(task)
    else:
        state.met.discard(task)


def _run_changed(state: Replay, event: Event) -> None:
    run = state.runs[event.run or 0]
    if event.kind == "run_started":
        run.parallel = run.slots = int(json.loads(event.data)["parallel"])
    else:
        word = event.kind.removeprefix("run_")
        run.state = "paused" if word == "drained" else word


def _parallel_set(state: Replay, event: Event, data: dict[str, Any]) -> None:
    run = state.runs[event.run or 0]
    run.parallel = run.slots = int(data["parallel"])


_HANDLERS: dict[str, Callable[[Replay, Event, dict[str, Any]], None]] = {
    "claimed": _claimed,
    "taken back up": _taken_back_up,
    "reported": _reported,
    "completed": _completed,
    "failed": _failed,
    "released": _ended,
    "claim undone": _ended,
    "attempt lost": _lost,
    "parallel_set": _parallel_set,
}


def _of(event: Event) -> tuple[int, int]:
    return event.task or 0, event.attempt or 0
