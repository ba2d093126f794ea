"""Why there is nothing to hand out, and what the agent should do: wait, stop, or ask."""

import json

from callsheet.engine import choose, limits, lookup
from callsheet.engine.choose import Classes
from callsheet.engine.env import Caller, Env, Moment
from callsheet.engine.fit import HELD_BYTES, clipped, title, within
from callsheet.model.outcome import Next, Nothing, NothingReason
from callsheet.model.outlook import Stuck
from callsheet.store.port import Op
from callsheet.store.rows import PlanRow, RunRow
from callsheet.store.sql import nothing as sql
from callsheet.store.sql import work

WAIT_SECONDS = 5.0
LISTED = 20


def say(
    caller: Caller,
    reason: NothingReason,
    why: str,
    next: Next,
    retry_after_seconds: float | None = None,
    stuck: tuple[Stuck, ...] | None = None,
) -> Op[Nothing]:
    """The answer, with what the agent holds already: it must not wait for itself."""
    who = {"session": caller.session_id, "agent": caller.agent}
    rows = yield work.HOLDING, who
    holding = tuple(within([key for (key,) in rows], HELD_BYTES))
    if holding and next != "stop":
        own = f"You hold {', '.join(holding[:3])} yourself: finish or release that first"
        why = f"{why} {own}; get_progress(agent={caller.agent!r}) gives the claim."
    return Nothing(reason, why, next, caller.agent, holding, retry_after_seconds, stuck)


def closed_run(caller: Caller, plan: PlanRow, run: RunRow | None) -> Op[Nothing | None]:
    """The answer when the run hands out nothing at all; None when it is active."""
    if run is None:
        last = yield from lookup.last_run(plan.id)
        if last is not None and last.state == "finished":
            return (yield from _finished(caller, plan, last))
        ended = "was cancelled" if last is not None else "has not been started"
        why = f"The run of plan {plan.name!r} {ended}. Only the user decides to start one."
        return (yield from say(caller, "no_run", why, "ask"))
    if run.state == "paused":
        why = "The run is paused; nothing is handed out until it is resumed."
        return (yield from say(caller, "paused", why, "wait", 30.0))
    if run.state == "draining":
        why = "The run is draining: running tasks are finished, no new ones are handed out."
        return (yield from say(caller, "draining", why, "stop"))
    return None


def _finished(caller: Caller, plan: PlanRow, run: RunRow) -> Op[Nothing]:
    count = yield from open_again(run)
    if count:
        why = f"The run of plan {plan.name!r} is finished, but {tasks(count)} open in it since."
        hint = "Only the user decides to start another run."
        return (yield from say(caller, "no_run", f"{why} {hint}", "ask"))
    why = f"The run of plan {plan.name!r} is finished: all {run.total} tasks are closed."
    return (yield from say(caller, "finished", why, "stop"))


def open_again(run: RunRow) -> Op[int]:
    """How many tasks that a finished run would have covered were reopened or added since."""
    scope = json.loads(run.scope)
    rows = yield sql.OPEN, {"plan": run.plan_id}
    return sum(
        count
        for phase, last_run, count in rows
        if "all" in scope or last_run == run.id or phase in scope.get("phases", ())
    )


def at_limit(env: Env, caller: Caller, run: RunRow) -> Op[Nothing | None]:
    """The answer when a limit of the run or of the agent is reached; None when there is room."""
    if run.running >= run.slots:
        slow = f" (lowered from {run.max_running} by a rate limit)" * (run.slots < run.max_running)
        why = f"All {run.slots} parallel slots{slow} are taken."
        return (yield from say(caller, "at_limit", why, "wait", WAIT_SECONDS))
    if (yield from limits.agent_is_full(env, caller)):
        why = f"An agent may hold {env.policy.agent_limit} at a time; finish what you hold."
        return (yield from say(caller, "at_limit", why, "wait", WAIT_SECONDS))
    return None


def search_on(caller: Caller) -> Op[Nothing]:
    """The search stopped at its bound; to be continued at once in another transaction."""
    return (yield from say(caller, "resources_busy", "Many tasks clash.", "wait", 0.0))


def explain(now: Moment, caller: Caller, plan: PlanRow, run: RunRow, kinds: Classes) -> Op[Nothing]:
    """The answer when the run is active and has room, but no task can be handed to this agent."""
    rows = yield sql.PARKED_IN_RUN, {"run": run.id}
    if rows:
        why = f"The tasks that are ready need resources held by running ones ({rows[0][1]})."
        return (yield from say(caller, "resources_busy", why, "wait", WAIT_SECONDS))
    if (yield from choose.any_ready(run.id, kinds.at_limit)):
        why = "The tasks that are ready are of types whose own limit is reached."
        return (yield from say(caller, "at_limit", why, "wait", WAIT_SECONDS))
    if (yield from choose.any_ready(run.id, kinds.served)):
        why = "What is ready you released a short while ago, or it is kept for a task in line."
        return (yield from say(caller, "waiting", why, "wait", 30.0))
    [(retry,)] = yield sql.NEXT_RETRY, {"run": run.id}
    [(running,)] = yield sql.RUNNING, {"plan": plan.id}
    moving = running > 0 or retry is not None
    if (yield from choose.any_ready(run.id, kinds.unable)):
        why = "Tasks are ready, but none of the types you named or for your capabilities."
        if moving:
            return (yield from say(caller, "no_capability", why, "wait", 30.0))
        return (yield from say(caller, "no_capability", why, "ask"))
    [(verifying,)] = yield sql.VERIFYING, {"run": run.id}
    if not moving and not verifying:
        return (yield from _stuck(caller, plan, run))
    why = f"{tasks(running)} running; the rest waits for that."
    seconds = WAIT_SECONDS
    if retry is not None:
        seconds = min(seconds, max(0.1, (retry - now.mono) / 1000))
        why = f"{tasks(running)} running, others wait to be tried again."
    if verifying:
        why = f"{why} {tasks(verifying)} being verified."
    return (yield from say(caller, "waiting", why, "wait", round(seconds, 1)))


def _stuck(caller: Caller, plan: PlanRow, run: RunRow) -> Op[Nothing]:
    listed = yield from stuck_tasks(plan.id, LISTED)
    rows = yield sql.OUTSIDE, {"run": run.id}
    listed += [Stuck(key, title(t), state, "outside the run's scope") for key, t, state in rows]
    why = f"{tasks(run.remaining)} left and can't go on until somebody decides."
    hint = "Tell the user, or the lead when you have one; resolve_task can retry, unblock or skip."
    return (yield from say(caller, "stuck", f"{why} {hint}", "ask", stuck=tuple(listed[:LISTED])))


def tasks(count: int) -> str:
    """How many, as the beginning of a sentence."""
    return "1 task is" if count == 1 else f"{count} tasks are"


def stuck_tasks(plan_id: int, most: int) -> Op[list[Stuck]]:
    """Tasks that need somebody, failed ones first."""
    rows = yield sql.NEEDS_SOMEBODY, {"plan": plan_id}
    return [
        Stuck(key, title(name), state, clipped(reason, 300))
        for _, key, name, state, reason in rows[:most]
    ]
