"""Many server processes on one project: a swarm that drains it, a crowd, and idle ones."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier, Thread

from bench import client, projects
from bench.client import Client, Refused
from bench.report import Line, against, percentile, spread

SWARM_BAR_SECONDS = 1.5
CROWD_BAR_SECONDS = 0.25
CROWD_WORK_SECONDS = 0.2
IDLE_BAR = 0.01
SERVER_MB = 80
STARTED_AT_ONCE = 4


@dataclass
class Agent:
    """One server's client, and what came of its calls."""

    name: str
    server: Client
    tasks: list[str] = field(default_factory=list)
    claim_seconds: list[float] = field(default_factory=list)
    last_done: float = 0.0
    error: str | None = None

    def work(self, start: Barrier, work_seconds: float, wait_seconds: float) -> None:
        """Claim and complete until told to stop."""
        start.wait()
        try:
            while self._one(work_seconds, wait_seconds):
                pass
        except (Refused, EOFError, OSError) as error:
            self.error = repr(error)

    def _one(self, work_seconds: float, wait_seconds: float) -> bool:
        ask = {"agent": self.name, "wait_seconds": wait_seconds}
        seconds, answer = self.server.timed("claim_task", **ask)
        if answer["outcome"] != "claimed":
            time.sleep(0 if wait_seconds else 0.05)
            return bool(answer["next"] == "wait")
        self.claim_seconds.append(seconds)
        time.sleep(work_seconds)
        self.server.call("complete_task", claim=answer["claim"], summary="Done.")
        self.last_done = time.perf_counter()
        self.tasks.append(answer["task"]["key"])
        return True


@contextmanager
def _crew(root: Path, count: int) -> Iterator[list[Agent]]:
    """So many agents with a server each; every server has answered once and has its board open."""

    def started(number: int) -> Agent:
        agent = Agent(f"agent-{number}", client.server(root))
        agent.server.call("get_progress")
        return agent

    with ExitStack() as stack:
        with ThreadPoolExecutor(STARTED_AT_ONCE) as pool:
            agents = list(pool.map(started, range(count)))
        for agent in agents:
            stack.callback(agent.server.close)
        yield agents


def _together(agents: list[Agent], work: Callable[[Agent, Barrier], None]) -> float:
    """Let all agents work at once; returns when they began."""
    start = Barrier(len(agents) + 1)
    threads = [Thread(target=work, args=(agent, start), daemon=True) for agent in agents]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return began


def _account(agents: list[Agent], tasks: int) -> tuple[int, int, list[str]]:
    """Tasks done more than once, tasks not done, errors."""
    done = Counter(key for agent in agents for key in agent.tasks)
    twice = sum(count > 1 for count in done.values())
    return twice, tasks - len(done), [agent.error for agent in agents if agent.error]


def swarm(processes: int = 8, tasks: int = 200, times: int = 1) -> Line:
    """Several processes drain a plan of short tasks, without any work in between."""
    took, twice, lost, errors = [], 0, 0, list[str]()
    for _ in range(times):
        with projects.folder() as root:
            projects.make(root, tasks, width=20, parallel=processes)
            with _crew(root, processes) as agents:
                began = _together(agents, lambda agent, start: agent.work(start, 0.0, 20.0))
                took.append(max(agent.last_done for agent in agents) - began)
                account = _account(agents, tasks)
        twice, lost, errors = twice + account[0], lost + account[1], errors + account[2]
    worst = max(took)
    good = not (twice or lost or errors)
    return Line(
        f"{processes} server processes, {tasks} tasks",
        f"none twice, none lost, <= {SWARM_BAR_SECONDS} s",
        f"{twice} twice, {lost} lost, {len(errors)} errors, "
        + " / ".join(f"{seconds:.2f}" for seconds in took)
        + " s"
        + "".join(f"; {error}" for error in errors[:1]),
        against(worst, SWARM_BAR_SECONDS) if good else "MISSED",
        {"twice": twice, "lost": lost, "errors": len(errors), "worst_s": worst},
    )


def crowd(processes: int = 64, tasks_each: int = 12) -> Line:
    """Many processes at once, with a little work between claim and completion."""
    room = _free_mb() // SERVER_MB
    count = min(processes, room)
    tasks = count * tasks_each
    with projects.folder() as root:
        projects.make(root, tasks, width=max(20, tasks // 3), parallel=count)
        with _crew(root, count) as agents:
            began = _together(agents, lambda a, start: a.work(start, CROWD_WORK_SECONDS, 0.0))
            took = max(agent.last_done for agent in agents) - began
            twice, lost, errors = _account(agents, tasks)
            claims = [seconds for agent in agents for seconds in agent.claim_seconds]
            later = [seconds for agent in agents for seconds in agent.claim_seconds[1:]]
    p99 = percentile(claims, 0.99)
    fewer = "" if count == processes else f" (memory for {count} only)"
    good = not (twice or lost or errors)
    return Line(
        f"{processes} processes{fewer}, {CROWD_WORK_SECONDS} s of work a task, {tasks} tasks",
        f"0 errors, claim p99 <= {CROWD_BAR_SECONDS * 1000:.0f} ms",
        f"{len(errors)} errors, {twice} twice, {lost} lost, p99 {p99 * 1000:.0f} ms "
        f"({percentile(later, 0.99) * 1000:.0f} without each one's first), "
        f"{spread(claims)}, {tasks / took:.0f} tasks/s"
        + "".join(f"; {error}" for error in errors[:1]),
        against(p99, CROWD_BAR_SECONDS) if good else "MISSED",
        {"errors": len(errors), "twice": twice, "lost": lost, "claim_p99_s": p99},
    )


def idle(processes: int = 3, seconds: float = 20.0) -> Line:
    """Agents that ask again and again while there is nothing to do."""
    with projects.folder() as root:
        projects.make(root, 2, width=1, parallel=processes + 1)
        with _crew(root, processes + 1) as (holder, *waiting):
            holder.server.call("claim_task", agent="holder")
            ends = time.perf_counter() + seconds + 2.0

            def wait(agent: Agent, start: Barrier) -> None:
                start.wait()
                while (left := ends - time.perf_counter()) > 0:
                    ask = {"agent": agent.name, "wait_seconds": min(20.0, left)}
                    agent.server.call("claim_task", **ask)

            began = Thread(target=_together, args=(waiting, wait))
            began.start()
            time.sleep(1.0)  # all of them wait by now
            shares = _cpu_shares([agent.server.process.pid for agent in waiting], seconds)
            began.join()
    worst = max(shares)
    return Line(
        f"{processes} idle agents waiting, {seconds:.0f} s",
        f"<= {IDLE_BAR:.0%} of a core each",
        " / ".join(f"{share:.2%}" for share in shares),
        against(worst, IDLE_BAR),
        {"worst_share": worst},
    )


def _cpu_shares(pids: list[int], seconds: float) -> list[float]:
    before = [_cpu_seconds(pid) for pid in pids]
    time.sleep(seconds)
    return [(_cpu_seconds(pid) - was) / seconds for pid, was in zip(pids, before, strict=True)]


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process: fields 14 and 15 of its stat."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_mb() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    return 0
