"""What really happened, read from the event log in commit order, judged here and by the engine."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callsheet.app import policy_from
from callsheet.engine.checker import check
from callsheet.engine.facts import read_facts
from callsheet.settings import Settings
from callsheet.store.hop import feed

BEGINS = {"claimed", "taken back up"}
ENDS = {"completed", "failed", "released", "claim undone", "attempt lost"}


@dataclass(frozen=True)
class Event:
    seq: int
    kind: str
    task: str | None
    attempt: int | None
    agent: str
    session: int


@dataclass(frozen=True)
class Record:
    """The event log of a project, and what its plan asks for."""

    events: tuple[Event, ...]
    needs: Mapping[str, set[str]]

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]

    def completed(self) -> list[str]:
        """Keys of completed tasks, in order, each as often as it was completed."""
        return [event.task or "" for event in self.of("completed")]

    def running(self) -> Iterator[tuple[Event, frozenset[str]]]:
        """After each event, the tasks that run."""
        now: set[str] = set()
        for event in self.events:
            if event.task and event.kind in BEGINS:
                now.add(event.task)
            elif event.task and event.kind in ENDS:
                now.discard(event.task)
            yield event, frozenset(now)

    def most_at_once(self) -> int:
        return max((len(now) for _, now in self.running()), default=0)

    def begun_too_early(self) -> list[str]:
        """Tasks that were handed out before all that they need was completed."""
        done: set[str] = set()
        early = []
        for event in self.events:
            if event.kind == "completed" and event.task:
                done.add(event.task)
            if event.kind == "claimed" and not self.needs[event.task or ""] <= done:
                early.append(event.task or "")
        return early

    def clashes(self, touches: Mapping[str, frozenset[str]]) -> set[tuple[str, str]]:
        """Pairs of tasks that ran at the same time although they touch the same file."""
        found = set()
        for _, now in self.running():
            pairs = {(a, b) for a in now for b in now if a < b}
            found |= {(a, b) for a, b in pairs if touches[a] & touches[b]}
        return found

    def holders(self, task: str) -> list[tuple[int, str]]:
        """Session and agent of each attempt at a task."""
        return [(e.session, e.agent) for e in self.of("claimed") if e.task == task]

    def totals_at(self, rev: int) -> tuple[int, int]:
        """Tasks done and running when the database was at revision `rev`."""
        done: set[str] = set()
        running: frozenset[str] = frozenset()
        for event, now in self.running():
            if event.seq > rev:
                break
            running = now
            if event.kind == "completed" and event.task:
                done.add(event.task)
        return len(done), len(running)


def database(root: Path) -> Path:
    return root / ".callsheet" / "state.db"


def rows(root: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the project's database, opened for reading beside the servers."""
    with closing(sqlite3.connect(f"file:{database(root)}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def record(root: Path) -> Record:
    """The record of the project's only plan."""
    events = rows(
        root,
        "SELECT event.seq, event.kind, task.key, event.attempt, agent, session_id"
        " FROM event LEFT JOIN task ON task.id = task_id ORDER BY event.seq, event.n",
    )
    texts = rows(
        root,
        "SELECT key, needs FROM task JOIN task_text ON task_id = id WHERE kind = 'task'",
    )
    return Record(
        tuple(Event(*event) for event in events),
        {key: set(json.loads(needs)) for key, needs in texts},
    )


def violations(root: Path, **settings: Any) -> list[str]:
    """Every invariant of the engine that the database breaks."""
    with closing(sqlite3.connect(f"file:{database(root)}?mode=ro", uri=True)) as connection:
        facts = feed(connection, read_facts())
    policy = policy_from(Settings.model_validate(settings))
    return [str(violation) for violation in check(facts, policy)]
