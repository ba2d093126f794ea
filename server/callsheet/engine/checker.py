"""The invariants of the engine, each judged by one pure function (DESIGN section 3).

This module compares the tables with each other: what is counted with what there is, what is held
with what runs. `check_log` replays the events and judges every step. Both take `Facts` and
return violations; an empty list means that nothing is wrong.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator

from callsheet.engine import holds
from callsheet.engine.check_log import replay
from callsheet.engine.env import Policy
from callsheet.engine.facts import Facts
from callsheet.engine.violation import Violation
from callsheet.model import resource as res
from callsheet.model.resource import Resource
from callsheet.model.states import CLOSED, MET
from callsheet.store.rows import AttemptRow, TaskRow

__all__ = ["Violation", "check"]

Rule = Callable[[Facts, Policy], Iterator[str]]


def check(facts: Facts, policy: Policy) -> list[Violation]:
    """Every broken invariant, with the event that broke it where the log tells."""
    found = [Violation(name, what) for name, rule in RULES for what in rule(facts, policy)]
    return [*found, *replay(facts, policy)]


def _live(facts: Facts) -> list[AttemptRow]:
    return [attempt for attempt in facts.attempts if attempt.state == "live"]


def _attempts_of_tasks(facts: Facts, policy: Policy) -> Iterator[str]:
    by_task: dict[int, list[AttemptRow]] = defaultdict(list)
    for attempt in facts.attempts:
        by_task[attempt.task_id].append(attempt)
    for task in facts.tasks:
        attempts = by_task[task.id]
        if [a.n for a in attempts] != list(range(1, task.attempt + 1)):
            yield f"{task.key} has the attempts {[a.n for a in attempts]}, not 1 to {task.attempt}"
        fences = [a.fence for a in attempts]
        if fences != sorted(set(fences)) or any(fence > facts.seq for fence in fences):
            yield f"the fences of {task.key} don't grow: {fences}"
        live = [a.n for a in attempts if a.state == "live"]
        if live != ([task.attempt] if task.state == "running" else []):
            yield f"{task.key} is {task.state} and has the live attempts {live}"


def _unmet(facts: Facts, policy: Policy) -> Iterator[str]:
    states = {task.id: task.state for task in facts.tasks}
    counted = Counter(dep.task for dep in facts.deps if states[dep.needs] not in MET)
    for task in facts.tasks:
        if task.unmet != counted[task.id]:
            yield f"{task.key} counts {task.unmet} unmet dependencies, there are {counted[task.id]}"
        if not _state_fits(task, counted[task.id]):
            yield f"the {task.kind} {task.key} is {task.state} with {counted[task.id]} unmet"


def _state_fits(task: TaskRow, unmet: int) -> bool:
    if task.kind != "task":
        return task.state in ("skipped", "cancelled", "waiting" if unmet else "done")
    return bool(unmet) if task.state == "waiting" else not (unmet and task.state in FREE)


FREE = ("ready", "delayed")


def _fields_of_states(facts: Facts, policy: Policy) -> Iterator[str]:
    for task in facts.tasks:
        if (task.retry_due is not None) != (task.state == "delayed"):
            yield f"{task.key} is {task.state} and has a retry due at {task.retry_due}"
        if task.state != "ready" and (task.parked_on or task.parked_mono is not None):
            yield f"{task.key} is {task.state}, yet parked on {task.parked_on}"


def _runs(facts: Facts, policy: Policy) -> Iterator[str]:
    running = Counter(attempt.run_id for attempt in _live(facts))
    tasks: dict[int | None, list[TaskRow]] = defaultdict(list)
    for task in facts.tasks:
        if task.kind == "task":
            tasks[task.run_id].append(task)
    for run in facts.runs:
        said: dict[str, float] = {"running": run.running}
        counted: dict[str, float] = {"running": running[run.id]}
        said |= {"attempts": run.attempts, "tokens": run.tokens, "cost": round(run.cost_usd, 6)}
        counted |= _used(facts, run.id)
        if run.ended_at is None:
            remaining = sum(task.state not in CLOSED for task in tasks[run.id])
            said |= {"total": run.total, "remaining": run.remaining}
            counted |= {"total": len(tasks[run.id]), "remaining": remaining}
        for name, number in said.items():
            if number != counted[name]:
                yield f"run {run.id} says {name} {number}, there are {counted[name]}"


def _used(facts: Facts, run_id: int) -> dict[str, float]:
    own = [attempt for attempt in facts.attempts if attempt.run_id == run_id]
    return {
        "attempts": sum(_is_counted(attempt) for attempt in own),
        "tokens": sum(attempt.tokens for attempt in own),
        "cost": round(sum(attempt.cost_usd for attempt in own), 6),
    }


def _is_counted(attempt: AttemptRow) -> bool:
    """Whether an attempt uses up the run's budget: a rate limit says nothing about the work."""
    return attempt.state != "undone" and attempt.error_kind != "rate_limited"


def _run_states(facts: Facts, policy: Policy) -> Iterator[str]:
    for run in facts.runs:
        unfinished = run.state in ("active", "paused", "draining")
        if unfinished != (run.ended_at is None):
            yield f"run {run.id} is {run.state} and ended at {run.ended_at}"
        if unfinished and run.remaining == 0:
            yield f"run {run.id} is {run.state}, but nothing is left of it"
        if run.state == "draining" and run.running == 0:
            yield f"run {run.id} is draining, but nothing runs"
        if (run.state == "paused") != (run.paused_mono is not None) and unfinished:
            yield f"run {run.id} is {run.state} and its clocks stand since {run.paused_mono}"
        if not 1 <= run.slots <= run.max_running:
            yield f"run {run.id} has {run.slots} slots of {run.max_running}"


def _tally(facts: Facts, policy: Policy) -> Iterator[str]:
    counted = Counter(
        (task.plan_id, task.phase_id, str(task.state))
        for task in facts.tasks
        if task.kind == "task"
    )
    said = {(plan, phase, state): n for plan, phase, state, n in facts.tally}
    for place in sorted(counted.keys() | said.keys()):
        if counted[place] != said.get(place, 0):
            yield f"the tally of {place} is {said.get(place, 0)}, there are {counted[place]}"


def _holds(facts: Facts, policy: Policy) -> Iterator[str]:
    wanted = {(a.task_id, str(r)) for a in _live(facts) for r in holds.listed(a.resources)}
    held = {(task, resource) for task, resource in facts.held}
    for task, resource in sorted(held - wanted):
        yield f"task {task} holds {resource}, but no running attempt took it"
    for task, resource in sorted(wanted - held):
        yield f"task {task} runs with {resource}, but does not hold it"


def _clashes(facts: Facts, policy: Policy) -> Iterator[str]:
    held = [(task, res.parse(resource)) for task, resource in facts.held]
    for place, (task, resource) in enumerate(held):
        for other, another in held[:place]:
            if other != task and res.clash(resource, another):
                yield f"tasks {other} and {task} hold {another} and {resource} at once"
    since = max((e.seq for e in facts.events if e.kind == "plan_loaded"), default=0)
    newest = {attempt.task_id: attempt.fence for attempt in _live(facts)}
    yield from _full_pools(held, newest, since, {**facts.pools, **policy.pools})


def _full_pools(
    held: Iterable[tuple[int, Resource]],
    newest: dict[int, int],
    since: int,
    capacities: dict[str, int],
) -> Iterator[str]:
    """Pools beyond their capacity, unless a plan that was loaded later made them smaller."""
    users: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for task, resource in held:
        if resource.kind == "pool":
            users[resource.value][task] += resource.units
    for pool, units in users.items():
        capacity = capacities.get(pool, 1)
        taken = sum(min(n, capacity) for n in units.values())
        if taken > capacity and max(newest.get(task, 0) for task in units) > since:
            yield f"the pool {pool} has {capacity} units, {taken} are taken"


def _parked(facts: Facts, policy: Policy) -> Iterator[str]:
    """Whoever is parked must be woken one day: by a holder, or as one of the loose."""
    waking = {res.wait_key(res.parse(resource)) for _, resource in facts.held}
    waking |= {resource for (resource,) in facts.loose}
    for task in facts.tasks:
        if task.parked_on is not None and task.parked_on not in waking:
            yield f"{task.key} is parked on {task.parked_on}, which nobody holds"


def _clocks(facts: Facts, policy: Policy) -> Iterator[str]:
    states = {run.id: run.state for run in facts.runs}
    for attempt in _live(facts):
        due = attempt.lease_due
        if states.get(attempt.run_id) != "paused":
            due = min(due, attempt.silent_due, attempt.runtime_due)
        if facts.due[attempt.id] != due:
            said = facts.due[attempt.id]
            yield f"attempt {attempt.n} of task {attempt.task_id} is due {said}, not {due}"


RULES: tuple[tuple[str, Rule], ...] = (
    ("one live attempt a task, numbers and fences grow", _attempts_of_tasks),
    ("states follow from dependencies", _unmet),
    ("fields fit the state", _fields_of_states),
    ("runs count right", _runs),
    ("runs are in a possible state", _run_states),
    ("tallies count right", _tally),
    ("running attempts hold their resources, nobody else does", _holds),
    ("holds don't clash", _clashes),
    ("parked tasks are woken", _parked),
    ("leases are due when they should be", _clocks),
)
