"""Which task an agent gets: the best ready one it can serve whose resources are free.

The work is bounded by what is in the way, not by the size of the plan: classes the agent can
serve are one index branch each, and what clashes is parked, so that it is met only once.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache

from callsheet.engine import holds
from callsheet.engine.env import Caller, Env, Moment
from callsheet.model import resource as res
from callsheet.model.resource import Resource
from callsheet.store.port import Op
from callsheet.store.rows import RunRow, TaskRow
from callsheet.store.sql import holds as holds_sql
from callsheet.store.sql import work as sql

MOST_CANDIDATES = 200
PAGE = 32
FIRST_PLACE = {"rank": -(2**62), "ord": -1}


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of tasks, as one agent sees them: those it can serve now, and the rest."""

    served: tuple[int, ...]
    at_limit: tuple[int, ...]
    unable: tuple[int, ...]


@dataclass(slots=True)
class Choice:
    """The task chosen, and what was met on the way to it."""

    task_id: int | None = None
    park: list[tuple[int, str]] = field(default_factory=list)
    more: bool = False
    """The search stopped at its bound: another transaction may find something."""


@lru_cache(maxsize=1024)
def _listed(text: str) -> frozenset[str]:
    return frozenset(json.loads(text))


def classes(
    env: Env, plan_id: int, types: Collection[str], capabilities: Collection[str]
) -> Op[Classes]:
    """Sort the classes by whether an agent with these wishes and capabilities can serve them."""
    rows = yield sql.CLASSES, {}
    running: dict[str, int] = {}
    if env.policy.type_limits:
        counts = yield sql.RUNNING_BY_TYPE, {"plan": plan_id}
        running = dict(counts)
    able, limited, unable = [], [], []
    for number, kind, requires in rows:
        limit = env.policy.type_limits.get(kind)
        if (types and kind not in types) or not _listed(requires) <= set(capabilities):
            unable.append(number)
        elif limit is not None and running.get(kind, 0) >= limit:
            limited.append(number)
        else:
            able.append(number)
    return Classes(tuple(able), tuple(limited), tuple(unable))


def any_ready(run_id: int, served: tuple[int, ...]) -> Op[bool]:
    """Whether the ready index has a task of these classes."""
    if not served:
        return False
    rows = yield sql.candidates(served), {"run": run_id, "most": 1, **FIRST_PLACE}
    return bool(rows)


def choose(
    env: Env, now: Moment, run: RunRow, caller: Caller, served: tuple[int, ...]
) -> Op[Choice]:
    """Search the ready tasks in rank order. Changes nothing; `park` tells what should be parked."""
    choice = Choice()
    if not served:
        return choice
    search = _Search(env)
    yield from search.open(now, caller, run, served)
    for task_id, resources, mine in search.overdue:
        on = yield from search.obstacle(resources)
        if on is not None:  # one of several obstacles is gone; it keeps its place behind the rest
            search.reserved += [(r, on) for r in holds.listed(resources)]
        elif mine:
            choice.task_id = task_id
            return choice
    place, seen, most = FIRST_PLACE, 0, 1
    while seen < MOST_CANDIDATES:
        rows = yield sql.candidates(served), {"run": run.id, "most": most, **place}
        for task_id, rank, ord_, resources in rows:
            place = {"rank": rank, "ord": ord_}
            if task_id in search.declined:
                continue  # few: what this agent released in the last minutes
            on = (yield from search.obstacle(resources)) if resources else None
            if on is None:
                choice.task_id = task_id
                return choice
            seen += 1
            choice.park.append((task_id, on))
        if len(rows) < most:
            return choice
        most = PAGE
    choice.more = True
    return choice


def kept_from(
    env: Env, now: Moment, run: RunRow, caller: Caller, task: TaskRow, served: tuple[int, ...]
) -> Op[str | None]:
    """What the named task needs that is held, or kept for one that has waited longer for it.

    `served` are the classes that this agent can serve: what it can have before the named task
    goes first.
    """
    search = _Search(env)
    yield from search.open(now, caller, run, served, before=task.id)
    for _, resources, mine in search.overdue:
        on = yield from search.obstacle(resources)
        if on is not None or mine:
            search.reserved += [(r, on or str(r)) for r in holds.listed(resources)]
    return (yield from search.obstacle(task.resources or "[]"))


@dataclass(slots=True)
class _Search:
    """What one search needs to know beside the candidates, read at most once."""

    env: Env
    declined: frozenset[int] = frozenset()
    overdue: list[tuple[int, str, bool]] = field(default_factory=list)
    """Tasks that have waited long for resources that nobody holds any more: they go first. The
    last field tells whether this agent may have it."""
    reserved: list[tuple[Resource, str]] = field(default_factory=list)
    """What tasks that have waited long still wait for, and on what they are parked: nobody who
    came later may take it, or wide globs would starve."""
    held: list[Resource] | None = None
    capacity: dict[str, int] = field(default_factory=dict)

    def open(
        self,
        now: Moment,
        caller: Caller,
        run: RunRow,
        served: tuple[int, ...],
        before: int | None = None,
    ) -> Op[None]:
        """Look who has waited long: all of them, or those in line before the task `before`."""
        who = {"session": caller.session_id, "agent": caller.agent, "now": now.mono}
        rows = yield sql.DECLINED, who
        self.declined = frozenset(task for (task,) in rows)
        since = now.mono - round(self.env.policy.starve_minutes * 60_000)
        rows = yield holds_sql.STARVING, {"since": since}
        if not rows:
            return
        keys = {res.wait_key(held) for held in (yield from self.holds())}
        for task_id, resources, parked_on, class_id, run_id in rows:
            if task_id == before:
                return
            if parked_on in keys:
                self.reserved += [(r, parked_on) for r in holds.listed(resources)]
            else:
                mine = run_id == run.id and class_id in served and task_id not in self.declined
                self.overdue.append((task_id, resources, mine))

    def holds(self) -> Op[list[Resource]]:
        if self.held is None:
            rows = yield holds_sql.HELD, {}
            self.held = [res.parse(text) for (text,) in rows]
            self.capacity = dict((yield from holds.capacities(self.env)))
        return self.held

    def obstacle(self, resources: str) -> Op[str | None]:
        """What to park on: a held resource, or the one that a task in line waits for."""
        wanted = holds.listed(resources)
        held = yield from self.holds()
        in_the_way = res.obstacle(wanted, held, self.capacity)
        if in_the_way is not None:
            return in_the_way
        for want in wanted:
            for other, parked_on in self.reserved:
                if res.clash(want, other) or _same_pool(want, other):
                    return parked_on
        return None


def _same_pool(a: Resource, b: Resource) -> bool:
    return a.kind == b.kind == "pool" and a.value == b.value
