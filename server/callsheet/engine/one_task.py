"""Everything about one task, bounded: long texts come in pages, long lists say how long they are."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from callsheet.engine import lookup
from callsheet.engine.env import Env, Moment
from callsheet.engine.fit import clipped, cost, head, listed, title, within
from callsheet.engine.times import iso
from callsheet.model.rank import PRIORITY_NAMES
from callsheet.model.states import CLOSED
from callsheet.store.port import Op, Rows
from callsheet.store.rows import AttemptRow, PlanRow, TaskRow
from callsheet.store.sql import look as sql
from callsheet.store.sql import plans as plans_sql

LISTED = 20
BRIEF_BYTES = {"concise": 2_000, "full": 10_000}
CRITERION_BYTES = {"concise": 500, "full": 4_000}
LIST_BYTES = {"acceptance": 4_000, "files": 2_500, "resources": 2_000}
FULL_BYTES = 30_000
"""What is left of these after the rest of a task in full goes to its lists."""


def describe(
    env: Env, plan_name: str | None, name: str, detail: str, brief_from: int
) -> Op[dict[str, Any]]:
    """A task with its dependencies, why it is not ready, attempts and, in full, its events.

    The brief is a page of characters from `brief_from`; `brief_next` says where the next begins.
    """
    now = env.clock.now()
    plan = yield from lookup.plan(plan_name)
    task = yield from lookup.task(plan, name)
    [(brief, acceptance, files, file, line)] = yield sql.TEXT, {"task": task.id}
    facts = yield from _facts(task, plan, now)
    facts["source"] = f"{file}:{line}" if file and line else file
    held = yield plans_sql.KEPT_BRIEF, {"task": task.id, "brief": brief}
    if held:
        facts["brief_changed"] = True
        [(brief,)] = held
    facts |= _page(brief, brief_from, BRIEF_BYTES[detail])
    around = yield from _around(task, detail)
    room = (FULL_BYTES - cost(facts) - cost(around)) if detail == "full" else 0
    criterion = CRITERION_BYTES[detail]
    lists = {
        "acceptance": [clipped(item, criterion) for item in json.loads(acceptance)],
        "files": json.loads(files),
        "resources": json.loads(task.resources or "[]"),
    }
    return {k: v for k, v in (facts | _lists(lists, room) | around).items() if v is not None}


def _lists(lists: Mapping[str, Sequence[Any]], room: int) -> dict[str, Any]:
    """What fits of each list: its own share, and what is left of the `room` for all of them."""
    shown: dict[str, Any] = {}
    spare = max(0, room - sum(LIST_BYTES.values()))
    for name, items in lists.items():
        shown |= listed(name, items, LIST_BYTES[name] + spare)
        spare -= max(0, cost(shown[name]) - LIST_BYTES[name])
    return shown


def _facts(task: TaskRow, plan: PlanRow, now: Moment) -> Op[dict[str, Any]]:
    [(requires,)] = yield sql.REQUIRES, {"id": task.class_id}
    return {
        "key": task.key,
        "title": clipped(task.title, 1_000),
        "plan": plan.name,
        "kind": None if task.kind == "task" else task.kind,
        "state": task.state,
        ("reason" if task.state in CLOSED else "why_not_ready"): (
            yield from _why_not_ready(task, now)
        ),
        "type": task.type,
        "phase": (yield from lookup.phase_key(task.phase_id)),
        "priority": PRIORITY_NAMES[task.priority],
        "estimate_minutes": task.estimate,
        "route": clipped(task.route, 100),
        "requires": json.loads(requires) or None,
    }


def _around(task: TaskRow, detail: str) -> Op[dict[str, Any]]:
    """The tasks before and after it, and what was done about it so far."""
    answer = listed("depends_on", _others((yield sql.NEEDS, {"task": task.id})), 4_000, LISTED)
    answer |= listed("needed_by", _others((yield sql.NEEDED_BY, {"task": task.id})), 4_000, LISTED)
    rows = yield sql.ATTEMPTS, {"task": task.id}
    attempts = [_attempt(AttemptRow._make(row), detail) for row in rows]
    answer |= listed("attempts", attempts, 6_000, 3 if detail == "concise" else 10)
    if detail == "full":
        events = yield sql.EVENTS, {"task": task.id}
        answer["events"] = within([_event(*row) for row in events[:LISTED]], 4_000)
    return answer


def _page(brief: str, start: int, room: int) -> dict[str, Any]:
    start = max(0, min(start, len(brief)))
    shown = head(brief[start:], room)
    stop = start + len(shown)
    page: dict[str, Any] = {"brief": shown}
    if start or stop < len(brief):
        page["brief_chars"] = len(brief)
    if stop < len(brief):
        page["brief_next"] = stop
    return page


def _others(rows: Rows) -> list[dict[str, Any]]:
    return [
        {"key": key, "title": title(name), "state": state}
        | ({"because": why} if why != "stated" else {})
        for key, name, state, _, why in rows
    ]


def _why_not_ready(task: TaskRow, now: Moment) -> Op[str | None]:
    match task.state:
        case "waiting":
            rows = yield sql.NEEDS, {"task": task.id}
            unmet = [
                f"{key} ({state})" for key, _, state, *_ in rows if state not in ("done", "skipped")
            ]
            more = f" and {len(unmet) - 5} more" if len(unmet) > 5 else ""
            why = f"waits for {', '.join(unmet[:5])}{more}"
            stuck = yield sql.STUCK_UPSTREAM, {"task": task.id}
            if stuck:
                names = ", ".join(f"{key} ({state})" for key, _, state, _ in stuck[:5])
                why = f"{why}; stuck behind {names}, which need somebody"
            return why
        case "delayed":
            seconds = max(0, (task.retry_due or now.mono) - now.mono) / 1000
            return f"tried again in {seconds:.0f} s; last error: {clipped(task.reason, 300)}"
        case "blocked" | "failed" | "skipped" | "cancelled":
            return clipped(task.reason, 500)
        case "ready" if task.parked_on is not None:
            return f"waits for the resource {task.parked_on}, which a running task holds"
        case _:
            return None


def _attempt(attempt: AttemptRow, detail: str) -> dict[str, Any]:
    chars = 300 if detail == "concise" else 1_000
    found = {
        "attempt": attempt.n,
        "agent": attempt.agent,
        "outcome": "running" if attempt.state == "live" else attempt.state,
        "started": iso(attempt.started_at),
        "ended": iso(attempt.ended_at) if attempt.ended_at else None,
        "percent": attempt.percent,
        "note": clipped(attempt.note, chars),
        "error": clipped(attempt.error, chars),
        "summary": clipped(attempt.summary, chars),
        "handoff": clipped(attempt.handoff, chars),
        **(listed("artifacts", json.loads(attempt.artifacts), 1_000) if attempt.artifacts else {}),
        "tokens": attempt.tokens or None,
        "cost_usd": attempt.cost_usd or None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _event(
    seq: int, at: int, kind: str, agent: str, attempt: int | None, data: str
) -> dict[str, Any]:
    found = {"seq": seq, "at": iso(at), "what": kind, "agent": agent or None, "attempt": attempt}
    more: dict[str, Any] = json.loads(data)
    more.pop("resources", None)  # the task's own, which stand above
    return {**{k: v for k, v in found.items() if v is not None}, **more}
