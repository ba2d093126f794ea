"""Claiming a task by its name: the same rules, but the answer tells why that one can't be had."""

import json
from collections.abc import Collection

from callsheet.engine import choose, holds, limits, lookup, nothing
from callsheet.engine.env import Caller, Env
from callsheet.model.handle import Handle
from callsheet.model.outcome import Nothing
from callsheet.store.port import Op
from callsheet.store.rows import AttemptRow, PlanRow, RunRow, TaskRow
from callsheet.store.sql import nothing as sql
from callsheet.store.sql import work

OTHER = "Call claim_task without task for another one."
"""Said where this one can't be had but the run goes on: `stop` would send the agent home."""
REQUIRES = "SELECT requires FROM class WHERE id = :id"


def choose_named(
    env: Env,
    caller: Caller,
    plan: PlanRow,
    run: RunRow,
    name: str,
    capabilities: Collection[str],
) -> Op[int | Nothing]:
    """The id of the named task when it can be handed out now, else why not. UNKNOWN_TASK."""
    task = yield from lookup.task(plan, name)
    refusal = yield from _state_forbids(caller, task)
    if refusal is None and task.run_id != run.id:
        why = f"{task.key} is outside the scope of the run."
        refusal = yield from nothing.say(caller, "no_run", why, "ask")
    if refusal is None:
        refusal = yield from _limits_forbid(env, caller, task, capabilities)
    if refusal is None and task.resources:
        on = yield from holds.obstacle(env, holds.listed(task.resources), task.id)
        if on is not None:
            why = f"{task.key} needs {on}, which a running task holds."
            refusal = yield from nothing.say(caller, "resources_busy", why, "wait", 5.0)
        else:
            refusal = yield from _others_first(env, caller, run, task, capabilities)
    return task.id if refusal is None else refusal


def _others_first(
    env: Env, caller: Caller, run: RunRow, task: TaskRow, capabilities: Collection[str]
) -> Op[Nothing | None]:
    """The refusal when a task that has waited longer needs the same resources."""
    kinds = yield from choose.classes(env, task.plan_id, (), capabilities)
    on = yield from choose.kept_from(env, env.clock.now(), run, caller, task, kinds.served)
    if on is None:
        return None
    why = f"{task.key} needs what is kept for a task that has waited longer ({on}). {OTHER}"
    return (yield from nothing.say(caller, "resources_busy", why, "wait", 5.0))


def _state_forbids(caller: Caller, task: TaskRow) -> Op[Nothing | None]:
    if task.kind != "task":
        why = f"{task.key} is a {task.kind}: it is done when all it contains is. {OTHER}"
        return (yield from nothing.say(caller, "stuck", why, "wait", 5.0))
    match task.state:
        case "ready":
            return None
        case "waiting":
            rows = yield sql.UNMET_NEEDS, {"task": task.id}
            needs = ", ".join(f"{key} ({state})" for key, _, state, _ in rows[:5])
            why = f"{task.key} waits for {needs}."
            return (yield from nothing.say(caller, "waiting", why, "wait", 5.0))
        case "running":
            rows = yield work.LAST_ATTEMPT, {"task": task.id}
            why = _held_by(caller, task, AttemptRow._make(rows[0]))
            return (yield from nothing.say(caller, "waiting", why, "wait", 5.0))
        case "delayed" | "verifying":
            why = f"{task.key} is {task.state}: it is not handed out right now."
            return (yield from nothing.say(caller, "waiting", why, "wait", 5.0))
        case "failed" | "blocked":
            why = f"{task.key} is {task.state}: {task.reason or 'no reason given'}."
            return (yield from nothing.say(caller, "stuck", why, "ask"))
        case _:
            why = f"{task.key} is {task.state}; nothing is left to do about it. {OTHER}"
            return (yield from nothing.say(caller, "finished", why, "wait", 0.1))


def _held_by(caller: Caller, task: TaskRow, attempt: AttemptRow) -> str:
    if (attempt.session_id, attempt.agent) == (caller.session_id, caller.agent):
        handle = Handle(task.key, attempt.n, attempt.secret)
        return f"{task.key} is yours already: go on with it under the claim {handle}."
    return f"{task.key} is running, held by {attempt.agent!r}. {OTHER}"


def _limits_forbid(
    env: Env, caller: Caller, task: TaskRow, capabilities: Collection[str]
) -> Op[Nothing | None]:
    [(requires,)] = yield REQUIRES, {"id": task.class_id}
    missing = sorted(set(json.loads(requires)) - set(capabilities))
    if missing:
        why = f"{task.key} requires the capabilities {', '.join(missing)}. {OTHER}"
        return (yield from nothing.say(caller, "no_capability", why, "wait", 0.1))
    if (yield from limits.type_is_full(env, task)):
        why = f"The limit of {env.policy.type_limits[task.type]} running {task.type} tasks is reached."
        return (yield from nothing.say(caller, "at_limit", why, "wait", 5.0))
    return None
