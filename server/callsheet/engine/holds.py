"""Resources: taking them with a claim, giving them back with its end, waiting for them.

A ready task that clashes with what a running one holds is parked on that resource: it leaves the
ready index, so that claims never look at it again before the resource is given back.
"""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache

from callsheet.engine.env import Env
from callsheet.model import resource as res
from callsheet.model.resource import Resource
from callsheet.store.port import Op
from callsheet.store.sql import holds as sql

WOKEN_AT_ONCE = 8


@lru_cache(maxsize=4096)
def listed(text: str | None) -> tuple[Resource, ...]:
    """The resources of a task row's JSON list."""
    return tuple(res.parse(item) for item in json.loads(text)) if text else ()


def capacities(env: Env) -> Op[Mapping[str, int]]:
    """Capacity by pool: the plans' declarations, overruled by the project's settings."""
    rows = yield sql.POOLS, {}
    return {**dict(rows), **env.policy.pools}


def obstacle(env: Env, wanted: Iterable[Resource], task_id: int) -> Op[str | None]:
    """What to park on when these resources can't be had now; None when they can."""
    rows = yield sql.HELD_BY_OTHERS, {"task": task_id}
    if not rows:
        return None
    held = [res.parse(text) for (text,) in rows]
    return res.obstacle(wanted, held, (yield from capacities(env)))


def take(task_id: int, text: str | None) -> Op[None]:
    """Hold a task's resources."""
    names = dict.fromkeys(str(r) for r in listed(text))
    if names:
        yield sql.HOLD, [{"resource": name, "task": task_id} for name in names]


def give_back(task_id: int, text: str | None) -> Op[None]:
    """Let go of a task's resources and wake the best of those that wait for them."""
    if not text:
        return
    yield sql.GIVE_BACK, {"task": task_id}
    for key in dict.fromkeys(res.wait_key(r) for r in listed(text)):
        yield from wake(key, WOKEN_AT_ONCE)


def wake(key: str, most: int) -> Op[int]:
    """Un-park the best tasks parked on a resource; more stay behind it when there are more."""
    rows = yield sql.WAKE, {"on": key, "most": most}
    if len(rows) == most:
        yield sql.LOOSEN, {"on": key}
    return len(rows)


def wake_loose(most: int) -> Op[tuple[int, bool]]:
    """Un-park more of those whose resource was given back. How many, and if anything was written."""
    loose = yield sql.LOOSE, {}
    held = yield sql.HELD, {}
    keys = {res.wait_key(res.parse(text)) for (text,) in held}
    woken = 0
    for (key,) in loose:
        yield sql.TIGHTEN, {"on": key}
        if key not in keys:  # else its next release wakes them
            woken += yield from wake(key, most)
    return woken, bool(loose)


def taken_since(task_id: int, text: str | None, seq: int) -> Op[bool]:
    """Whether anybody took a clashing resource since event `seq`, even if they gave it back."""
    wanted = [r for r in listed(text) if r.kind != "pool"]
    if not wanted:
        return False
    rows = yield sql.TAKEN_SINCE, {"seq": seq, "task": task_id}
    taken = {r for (other,) in rows for r in listed(other)}
    return any(res.clash(want, other) for want in wanted for other in taken)
