"""Budgets of a run: once one is spent nothing more is handed out; what runs is finished."""

import json

from callsheet.engine import nothing
from callsheet.engine.env import Caller, Moment
from callsheet.model.outcome import Nothing
from callsheet.store.port import Op
from callsheet.store.rows import RunRow

BUDGETS = ("attempts", "minutes", "tokens", "cost_usd")
LIVE_MINUTES = """
    SELECT COALESCE(sum((:now - started_mono) / 60000.0 - counted_minutes), 0)
    FROM attempt WHERE run_id = :run AND state = 'live'
"""


def spent(run: RunRow) -> dict[str, float]:
    """What the run's ended attempts have used, by budget; minutes are working minutes."""
    return {
        "attempts": run.attempts,
        "minutes": round(run.minutes, 1),
        "tokens": run.tokens,
        "cost_usd": round(run.cost_usd, 4),
    }


def budget_spent(caller: Caller, run: RunRow, now: Moment) -> Op[Nothing | None]:
    """The answer when a budget is used up; None when there is something left of each."""
    if run.budgets == "{}":
        return None
    limits: dict[str, float] = json.loads(run.budgets)
    used = {
        "attempts": float(run.attempts),
        "minutes": run.minutes,
        "tokens": float(run.tokens),
        "cost_usd": run.cost_usd,
    }
    if "minutes" in limits:
        [(live,)] = yield LIVE_MINUTES, {"now": now.mono, "run": run.id}
        used["minutes"] += live
    for name, limit in limits.items():
        if used[name] >= limit:
            why = f"The run's budget of {limit:g} {name} is spent."
            hint = "Tell the user; start_run with a larger budget goes on."
            return (yield from nothing.say(caller, "budget_spent", f"{why} {hint}", "ask"))
    return None
