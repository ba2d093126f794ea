"""Claim and complete over stdio, and draining a plan, beside no-ops and bare commits.

Calls are made in turn, one of each kind a round, so that whatever else the machine does meets all
of them alike; what is compared are medians.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench import client, projects
from bench.client import Client
from bench.report import Line, against, spread

SMALL = 100
DRAINED = 1000
WARM_ROUNDS = 5
CALL_BAR = 1.2
GROWTH_BAR = 1.1
DRAIN_BARS = {"FULL": 3.7, "NORMAL": 3.0}

Times = dict[str, list[float]]
"""Seconds of each call by what was called."""

Floors = tuple[Client, Client]
"""The server of the no-op and the one of the commits."""


def claims(sizes: Sequence[int], rounds: int, synchronous: str) -> Iterator[Line]:
    """Claim and complete on plans of these sizes against the commit floor, and their growth."""
    times: Times = defaultdict(list)
    with projects.folder() as root, ExitStack() as stack:
        floors = (
            stack.enter_context(client.floor(root, commits=False)),
            stack.enter_context(client.floor(root)),
        )
        servers = {
            size: stack.enter_context(_server(root / str(size), size, synchronous))
            for size in sizes
            if size > SMALL
        }
        left = rounds
        while left > 0:
            # A small plan is used up soon: a new one, and a new server, for every stretch.
            stretch = min(left, SMALL - WARM_ROUNDS)
            with _server(root / f"{SMALL}-{left}", SMALL, synchronous) as small:
                _stretch(times, floors, {SMALL: small, **servers}, stretch, synchronous)
            left -= stretch
    yield from _lines(times, sizes, synchronous)


def _server(root: Path, size: int, synchronous: str) -> Client:
    projects.make(root, size, width=size // 10, parallel=3, synchronous=synchronous)
    return client.server(root, synchronous)


def _stretch(
    times: Times, floors: Floors, servers: dict[int, Client], rounds: int, synchronous: str
) -> None:
    """Every call follows a no-op elsewhere, so that none finds its caches or the disk warmer."""
    noop, commit = floors
    sizes = list(servers)
    for number in range(-WARM_ROUNDS, rounds):
        sizes = [*sizes[1:], sizes[0]]
        seen, claims = {}, {}
        for size in sizes:
            _noop(noop)
            seen[f"claim {size}"], claims[size] = servers[size].timed("claim_task", agent="bench")
        _noop(noop)
        seen["commit"] = commit.timed(f"commit_{synchronous.lower()}")[0]
        seen["noop"] = _noop(noop)
        for size in sizes:
            arguments = {"claim": claims[size]["claim"], "summary": "Done, and the tests pass."}
            seen[f"complete {size}"], _ = servers[size].timed("complete_task", **arguments)
            _noop(noop)
        if number >= 0:
            for what, seconds in seen.items():
                times[what].append(seconds)


def _noop(floor: Client) -> float:
    return floor.timed("noop")[0]


def _lines(times: Times, sizes: Sequence[int], synchronous: str) -> Iterator[Line]:
    base = {what: median(seconds) for what, seconds in times.items()}
    noop, commit = times["noop"], times["commit"]
    what = f"floors at {synchronous}: no-op; commit"
    seen = f"{spread(noop)}; {spread(commit)} = {base['commit'] / base['noop']:.2f} no-ops"
    yield Line(what, "-", seen, "-", {"noop_s": base["noop"], "commit_s": base["commit"]})
    for size in sizes:
        for tool in ("claim", "complete"):
            name = f"{tool} {size}"
            ratio = base[name] / base["commit"]
            seen = f"{ratio:.2f} x; {spread(times[name])}"
            figures: dict[str, float | int | str] = {"ratio": ratio, "seconds": base[name]}
            what = f"{tool}, {size:,} tasks, {synchronous}"
            yield Line(what, f"<= {CALL_BAR} commits", seen, against(ratio, CALL_BAR), figures)
    if len(sizes) > 1:
        for tool in ("claim", "complete"):
            growth = base[f"{tool} {sizes[-1]}"] / base[f"{tool} {sizes[0]}"]
            what = f"{tool}, {sizes[0]:,} to {sizes[-1]:,} tasks, {synchronous}"
            verdict = against(growth, GROWTH_BAR)
            yield Line(what, f"<= {GROWTH_BAR} x", f"{growth:.2f} x", verdict, {"ratio": growth})


def drain(tasks: int, synchronous: str, times: int) -> Line:
    """One client drains a plan, in no-op calls a task; a no-op is called after each cycle."""
    ratios = [_drained(tasks, synchronous) for _ in range(times)]
    bar = DRAIN_BARS[synchronous]
    shown = ", ".join(f"{ratio:.2f}" for ratio in sorted(ratios))
    return Line(
        f"one client drains {tasks:,} tasks, {synchronous}",
        f"<= {bar} no-ops a task",
        f"{median(ratios):.2f} ({shown})" if times > 1 else shown,
        against(median(ratios), bar),
        {"noops_a_task": median(ratios)},
    )


def _drained(tasks: int, synchronous: str) -> float:
    noops, done, spent = [], 0, 0.0
    with projects.folder() as root, ExitStack() as stack:
        floor = stack.enter_context(client.floor(root))
        server = stack.enter_context(_server(root / "project", tasks, synchronous))
        for warm in (floor, server):
            warm.request("tools/list")
        while True:
            seconds, answer = server.timed("claim_task", agent="bench")
            if answer["outcome"] != "claimed":
                break
            spent += seconds
            spent += server.timed("complete_task", claim=answer["claim"], summary="Done.")[0]
            done += 1
            noops.append(_noop(floor))
    assert done == tasks, (done, answer)
    return spent / tasks / median(noops)
