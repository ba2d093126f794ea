"""Everything that the checker judges, read in one snapshot."""

from typing import NamedTuple

from callsheet.store.port import Op, Row
from callsheet.store.rows import AttemptRow, RunRow, TaskRow, columns


class Event(NamedTuple):
    seq: int
    n: int
    kind: str
    run: int | None
    task: int | None
    attempt: int | None
    session: int
    agent: str
    data: str
    """JSON object."""


class Dep(NamedTuple):
    task: int
    needs: int
    since: int
    """Number of the event with which this edge came."""


EVENTS = """
    SELECT seq, n, kind, run_id, task_id, attempt, session_id, agent, data FROM event
    ORDER BY seq, n
"""


class Facts(NamedTuple):
    """The tables as they are, in rows; `due` is when each attempt in the index is given back,
    `requires` the JSON list of capabilities by class."""

    seq: int
    tasks: list[TaskRow]
    deps: list[Dep]
    attempts: list[AttemptRow]
    due: dict[int, int]
    runs: list[RunRow]
    held: list[Row]
    loose: list[Row]
    pools: dict[str, int]
    tally: list[Row]
    requires: dict[int, str]
    events: list[Event]


def read_facts() -> Op[Facts]:
    """The whole state. As large as the database: for `doctor` and tests, never for an agent."""
    [(seq,)] = yield "SELECT seq FROM project WHERE id = 1", {}
    tasks = yield f"SELECT {columns(TaskRow)} FROM task ORDER BY id", {}
    deps = yield "SELECT task_id, needs_id, since FROM dep", {}
    attempts = yield f"SELECT {columns(AttemptRow)} FROM attempt ORDER BY task_id, n", {}
    due = yield "SELECT id, due FROM attempt WHERE state = 'live'", {}
    runs = yield f"SELECT {columns(RunRow)} FROM run ORDER BY id", {}
    held = yield "SELECT task_id, resource FROM held", {}
    loose = yield "SELECT resource FROM loose", {}
    pools = yield "SELECT name, capacity FROM pool", {}
    tally = yield "SELECT plan_id, phase_id, state, n FROM tally WHERE n <> 0", {}
    classes = yield "SELECT id, requires FROM class", {}
    events = yield EVENTS, {}
    return Facts(
        seq,
        [TaskRow._make(row) for row in tasks],
        [Dep._make(row) for row in deps],
        [AttemptRow._make(row) for row in attempts],
        dict(due),
        [RunRow._make(row) for row in runs],
        held,
        loose,
        dict(pools),
        tally,
        dict(classes),
        [Event._make(row) for row in events],
    )
