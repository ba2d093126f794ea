"""Many real servers on one plan: nothing twice, nothing lost, everything in order."""

import asyncio
import re
import signal
from pathlib import Path

from acceptance.plans import Acks, begin, layered, next_task, stale, stop, work, write_plan
from acceptance.record import record, violations
from acceptance.wire import Answer, Crew, Server, crew

TASKS = 200
BLOCK = re.compile(
    r"<!-- callsheet:begin plan=main rev=(\d+) [^\n]*-->\n(.*)\n<!-- callsheet:end -->", re.DOTALL
)
DONE = re.compile(r"· (\d+) of (\d+) tasks")
RUNNING = re.compile(r"· (\d+) of \d+ at once")


class Reader:
    """Somebody who looks at the status page all the time and notes what it says."""

    def __init__(self, root: Path) -> None:
        self.page = root / ".claudio" / "status.md"
        self.seen: set[tuple[int, int, int]] = set()

    def look(self) -> None:
        text = self.page.read_text(encoding="utf-8")
        (block,) = BLOCK.findall(text)
        rev, body = int(block[0]), block[1]
        (done,) = DONE.findall(body)
        assert int(done[1]) == TASKS
        if running := RUNNING.search(body):
            self.seen.add((rev, int(done[0]), int(running[1])))

    def lies(self, root: Path) -> list[tuple[int, int, int]]:
        """What the page said that the event log does not bear out."""
        log = record(root)
        return [said for said in self.seen if log.totals_at(said[0]) != said[1:]]


def judge(root: Path, acks: Acks) -> None:
    """Each task completed exactly once, in order, and every acknowledged completion on record."""
    log = record(root)
    assert sorted(log.completed()) == sorted(str(n) for n in range(TASKS))
    assert {task for task, _ in acks} <= set(log.completed())
    assert len({task for task, _ in acks}) == len(acks)
    assert log.begun_too_early() == []
    assert violations(root, lease_seconds=1, retry_base_seconds=0) == []


async def test_eight_servers_drain_200_tasks_once_each_in_order_under_a_true_status_page(
    tmp_path: Path,
) -> None:
    write_plan(tmp_path, layered(TASKS))
    reader = Reader(tmp_path)
    acks: Acks = []

    def look(claimed: Answer) -> None:
        reader.look()

    async with crew(tmp_path) as servers:
        eight = await servers.some(8)
        await begin(eight[0], parallel=8)
        await first_page(servers, eight[0])
        async with asyncio.TaskGroup() as group:
            for number, server in enumerate(eight):
                group.create_task(work(server, f"agent-{number}", acks, look))
        codes = await asyncio.gather(*(server.hang_up() for server in eight))
        reader.look()
    judge(tmp_path, acks)
    assert len(acks) == TASKS
    assert codes == [0] * 8
    assert len({event.session for event in record(tmp_path).of("completed")}) > 1
    assert reader.lies(tmp_path) == []
    assert len(reader.seen) > 1
    assert "**100 %** · 200 of 200 tasks" in reader.page.read_text(encoding="utf-8")


async def first_page(servers: Crew, server: Server) -> None:
    """Until the status page is there, whose change is told to whoever listens."""
    page = servers.root / ".claudio" / "status.md"
    async with asyncio.timeout(30):
        while not page.exists():
            await server.call("get_progress")


async def test_a_server_killed_and_one_stopped_lose_no_task_and_complete_none_late(
    tmp_path: Path,
) -> None:
    """In the middle one of eight is killed with -9, another stopped for longer than its lease."""
    write_plan(tmp_path, layered(TASKS))
    acks: Acks = []
    held: dict[str, Answer] = {}
    done_by_then: list[int] = []

    async def until_struck(server: Server, name: str) -> None:
        """Complete five tasks, claim one more, and be killed or stopped while holding it."""
        for _ in range(5):
            claimed = await next_task(server, name)
            await server.call("complete_task", claim=claimed["claim"], summary=f"By {name}.")
            acks.append((claimed["task"]["key"], name))
        held[name] = await next_task(server, name)
        done_by_then.append(len(acks))
        if name == "killed":
            await server.kill()
        else:
            stop(server, tmp_path)

    async with crew(tmp_path) as servers:
        *six, killed, stopped = await servers.some(8)
        await begin(six[0], parallel=8)
        async with asyncio.TaskGroup() as group:
            group.create_task(until_struck(killed, "killed"))
            group.create_task(until_struck(stopped, "stopped"))
            for number, server in enumerate(six):
                group.create_task(work(server, f"agent-{number}", acks))
        stopped.signal(signal.SIGCONT)
        late = await stale(stopped, held["stopped"]["claim"])
    judge(tmp_path, acks)
    assert len(acks) == TASKS
    assert all(0 < count < TASKS - 8 for count in done_by_then)
    log = record(tmp_path)
    for name, claimed in held.items():
        first, *later = log.holders(claimed["task"]["key"])
        assert first[1] == name
        assert later and later[-1][0] != first[0]
        assert name != "stopped" or f"{later[-1][1]!r}" in late
