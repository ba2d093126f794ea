"""The whole demonstration: servers up, plan loaded, run started, agents at work, result counted."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import anyio
from mcp import Client, MCPError

from callsheet.demo import agents
from callsheet.demo.agents import Answer
from callsheet.demo.script import Pace, agent_names, pace
from callsheet.demo.stage import Stage
from callsheet.demo.tally import Event, PhaseTally, Tally
from callsheet.model.errors import CallsheetError

LOG = "servers.log"


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What a demonstration ends with. `left` says why tasks are left, when some are."""

    plan: str
    tasks: int
    done: int
    attempts: int
    retried: tuple[str, ...]
    agents: int
    most_at_once: int
    handed_out_twice: int
    seconds: float
    folder: str
    status_page: str
    left: str | None = None


async def play(
    stage: Stage, count: int, tally: Tally, changed: Callable[[Event], None]
) -> DemoResult:
    """Drain the plan on `stage` with `count` agents, keeping `tally`; `changed` hears every event.

    Errors: CallsheetError as the servers refused something; CONFLICT when a server didn't start.
    """
    crew = _Crew(stage, tally, changed)
    try:
        with (stage.root / LOG).open("w", encoding="utf-8") as log:
            async with anyio.create_task_group() as group:
                for number, name in enumerate(agent_names(count)):
                    group.start_soon(crew.member, agents.server(stage.root, log), name, number == 0)
    except* (MCPError, OSError) as errors:
        why = _last_words(stage.root / LOG)
        what = f"A server did not start, or stopped answering: {why}"
        raise CallsheetError("CONFLICT", what, agents.LOOK_AT_LOG) from errors
    return crew.result(count)


class _Crew:
    """What the agents share: the signal to begin, the clock, the tally."""

    def __init__(self, stage: Stage, tally: Tally, changed: Callable[[Event], None]) -> None:
        self.stage, self.tally, self.changed = stage, tally, changed
        self.go = anyio.Event()
        self.pace = Pace(0.0, 0.0)
        self.began = self.ended = 0.0
        self.run: Answer = {}
        self.last: Answer = {}

    async def member(self, connecting: Client, name: str, leads: bool) -> None:
        tell = agents.teller(name, self.now, self.tell)
        async with connecting as client:
            tell("ready")
            if leads:
                await self.begin(client)
            await self.go.wait()
            self.last = await agents.work(client, name, self.stage.script, self.pace, tell)
            self.ended = self.now()

    async def begin(self, client: Client) -> None:
        """Load the plan, start the run, and let everybody begin."""
        where = {"path": self.stage.source, "format": self.stage.format}
        await agents.call(client, "load_plan", **{k: v for k, v in where.items() if v})
        progress = await agents.call(client, "get_progress")
        left = progress["estimate"].get("remaining_minutes")
        self.pace = pace(_open_tasks(progress), left)
        self.tally.title = progress["title"] or progress["plan"]
        self.tally.total = progress["totals"]["total"]
        self.tally.phases = {
            phase["phase"]: PhaseTally(phase["title"], phase["totals"]["total"], _met(phase))
            for phase in progress["phases"]
        }
        self.run = await agents.call(client, "start_run", parallel=self.stage.parallel)
        self.began = time.monotonic()
        self.go.set()

    def now(self) -> float:
        return time.monotonic() - self.began if self.began else 0.0

    def tell(self, event: Event) -> None:
        self.tally.add(event)
        self.changed(event)

    def result(self, count: int) -> DemoResult:
        tally, unfinished = self.tally, self.last.get("reason") != "finished"
        return DemoResult(
            plan=tally.title,
            tasks=tally.total,
            done=len(set(tally.completed)),
            attempts=len(tally.claims),
            retried=tuple(tally.retried),
            agents=count,
            most_at_once=tally.most_at_once,
            handed_out_twice=tally.handed_out_twice,
            seconds=round(self.ended, 1),
            folder=str(self.stage.root),
            status_page=str(self.stage.status_page),
            left=self.last.get("why") if unfinished else None,
        )


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it said nothing.")


def _met(phase: Answer) -> int:
    return int(phase["totals"].get("done", 0)) + int(phase["totals"].get("skipped", 0))


def _open_tasks(progress: Answer) -> int:
    totals = progress["totals"]
    closed = sum(totals.get(state, 0) for state in ("done", "skipped", "cancelled"))
    return int(totals["total"]) - int(closed)
