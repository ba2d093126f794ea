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
from callsheet.store.rows import RunRow
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
    declined: bool = False
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
    search = yield from _open_search(env, now, caller, run, served)
    for task_id, resources in search.overdue:
        if (yield from search.obstacle(resources)) is None:
            choice.task_id = task_id
            return choice
    place, seen, most = FIRST_PLACE, 0, 1
    while seen < MOST_CANDIDATES:
        rows = yield sql.candidates(served), {"run": run.id, "most": most, **place}
        for task_id, rank, ord_, resources in rows:
            seen, place = seen + 1, {"rank": rank, "ord": ord_}
            if task_id in search.declined:
                choice.declined = True
            elif resources is None:
                choice.task_id = task_id
                return choice
            elif (on := (yield from search.obstacle(resources))) is not None:
                choice.park.append((task_id, on))
            elif not search.reserved_for_another(resources):
                choice.task_id = task_id
                return choice
        if len(rows) < most:
            return choice
        most = PAGE
    choice.more = True
    return choice


@dataclass(slots=True)
class _Search:
    """What one search needs to know beside the candidates, read at most once."""

    env: Env
    declined: frozenset[int]
    overdue: list[tuple[int, str]]
    """Tasks that waited long for their resources, which are free now: they go first."""
    reserved: list[Resource]
    """What tasks that have waited long still wait for: nobody who came later may take it."""
    held: list[Resource] | None = None
    capacity: dict[str, int] = field(default_factory=dict)

    def obstacle(self, resources: str) -> Op[str | None]:
        if self.held is None:
            rows = yield holds_sql.HELD, {}
            self.held = [res.parse(text) for (text,) in rows]
            self.capacity = dict((yield from holds.capacities(self.env)))
        return res.obstacle(holds.listed(resources), self.held, self.capacity)

    def reserved_for_another(self, resources: str) -> bool:
        wanted = holds.listed(resources)
        return any(
            res.clash(want, other)
            or (want.kind == other.kind == "pool" and want.value == other.value)
            for want in wanted
            for other in self.reserved
        )


def _open_search(
    env: Env, now: Moment, caller: Caller, run: RunRow, served: tuple[int, ...]
) -> Op[_Search]:
    who = {"session": caller.session_id, "agent": caller.agent, "now": now.mono}
    rows = yield sql.DECLINED, who
    declined = frozenset(task for (task,) in rows)
    since = now.mono - round(env.policy.starve_minutes * 60_000)
    overdue: list[tuple[int, str]] = []
    reserved: list[Resource] = []
    rows = yield holds_sql.STARVING, {"since": since}
    for task_id, resources, parked_on, class_id, run_id in rows:
        if parked_on is not None:
            reserved.extend(holds.listed(resources))
        elif run_id == run.id and class_id in served and task_id not in declined:
            overdue.append((task_id, resources))
    return _Search(env, declined, overdue, reserved)
