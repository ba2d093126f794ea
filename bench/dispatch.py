"""How good the order is in which tasks are handed out, against proven optima.

The real hand-out, on the real schema in memory, under a virtual clock: an idle agent claims, and
completes when the task's duration has passed. `CALLSHEET_DISPATCH` names the file of instances:
a JSON list (`.gz`) of `{name, cls, K, dur, preds, res, caps, opt}`.
"""

import gzip
import heapq
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any

from bench.report import Line, percentile

BARS = {"a": (1.8, 8.5), "b": (7.5, 16.5), "c": (0.8, 3.0)}
"""Mean and 95th percentile above the optimum, in per cent, by class of instances."""
CLASSES = {"a": "generated plans", "b": "RCPSP", "c": "real shapes"}
UNIT_MS = 1_000
FOREVER_SECONDS = 1e9


def quality(path: Path | None) -> Iterator[Line]:
    """A line for each class; one that says so when there are no instances."""
    if path is None:
        why = "SKIPPED: no instances; name them with --dispatch or CALLSHEET_DISPATCH"
        yield Line("makespan above the optimum", "see BARS", why, "skipped")
        return
    above: dict[str, list[float]] = defaultdict(list)
    for instance in json.loads(gzip.decompress(path.read_bytes())):
        makespan = simulate(instance)
        above[instance["cls"]].append(100 * (makespan / instance["opt"] - 1))
    for cls, values in sorted(above.items()):
        most, worst = BARS[cls]
        found, p95 = mean(values), percentile(values, 0.95)
        yield Line(
            f"makespan above the optimum, {CLASSES[cls]}",
            f"<= {most} / {worst} %",
            f"{found:.2f} / {p95:.2f} % ({len(values)} instances, worst {max(values):.1f} %)",
            "met" if found <= most and p95 <= worst else "MISSED",
            {"mean_percent": found, "p95_percent": p95},
        )


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.ms = 0

    def now(self) -> Any:
        from callsheet.engine.env import Moment

        return Moment(self.ms, self.ms, "bench")


def simulate(instance: dict[str, Any]) -> int:
    """The makespan of an instance under the real hand-out, in its own units."""
    from callsheet.engine import claims, loading, results, runs, sessions
    from callsheet.engine.env import Caller, Env, Policy
    from callsheet.engine.sessions import Process
    from callsheet.model.outcome import Claimed

    clock, store = Clock(), Memory()
    agents = instance["K"] or len(instance["dur"])
    policy = Policy(
        lease_seconds=FOREVER_SECONDS,
        max_silence_minutes=FOREVER_SECONDS,
        max_runtime_minutes=FOREVER_SECONDS,
    )
    env = Env(clock, Random(0), policy)
    process = Process("host", "bench", "", 1, "")
    caller = Caller("agent", store.write(lambda: sessions.begin(env, "bench", process)))
    draft = plan(instance)
    store.write(lambda: loading.load(env, caller, draft, dry_run=False))
    store.write(lambda: runs.start(env, caller, runs.Start(parallel=agents)))
    running: list[tuple[int, str]] = []
    done, spent = results.Work("done"), results.Spent()
    left = len(draft.tasks)
    while left:
        answer = store.write(lambda: claims.claim(env, caller, claims.Wish()))
        if isinstance(answer, Claimed):
            took = instance["dur"][int(answer.task.key[1:])] * UNIT_MS
            heapq.heappush(running, (clock.ms + took, answer.claim))
            continue
        clock.ms = running[0][0]
        while running and running[0][0] == clock.ms:  # who ends together is free together
            _, claim = heapq.heappop(running)
            store.write(partial(results.complete, env, caller, claim, done, spent))
            left -= 1
    return clock.ms // UNIT_MS


def plan(instance: dict[str, Any]) -> Any:
    """The plan of an instance: its resources are pools, or names where one has them alone."""
    from callsheet.plan.draft import PlanDraft, TaskDraft

    caps = instance["caps"]
    tasks = tuple(
        TaskDraft(
            key=f"t{number}",
            title=f"t{number}",
            depends_on=tuple(f"t{n}" for n in needs),
            resources=tuple(_resource(r, units, caps[r]) for r, units in held if units),
            estimate_minutes=float(duration),
        )
        for number, (duration, needs, held) in enumerate(
            zip(instance["dur"], instance["preds"], instance["res"], strict=True)
        )
    )
    pools = {f"r{number}": capacity for number, capacity in enumerate(caps)}
    name = instance["name"]
    return PlanDraft(name, "callsheet", "bench", tasks=tasks, pools=pools, digest=name)


def _resource(number: int, units: int, capacity: int) -> str:
    return f"name:r{number}" if capacity == 1 else f"pool:r{number}*{units}"


class Memory:
    """The store's promise of one transaction at a time, on a database in memory."""

    def __init__(self) -> None:
        from callsheet.store.migrate import MIGRATIONS, migrations_in

        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        for step in migrations_in(MIGRATIONS):
            self._connection.executescript(step.file.read_text(encoding="utf-8"))

    def write(self, op: Callable[[], Any]) -> Any:
        from callsheet.engine.rollback import RolledBack
        from callsheet.store.hop import feed

        self._connection.execute("BEGIN")
        try:
            answer = feed(self._connection, op())
        except RolledBack as nothing_written:
            self._connection.execute("ROLLBACK")
            return nothing_written.answer
        self._connection.execute("COMMIT")
        return answer
