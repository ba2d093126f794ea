"""What one process costs: its start, the size of its answers, and loading large plans."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

from bench import client, projects
from bench.client import Client
from bench.report import Line, against

START_BAR = 1.15
READY_BAR_BYTES = 10_000
TOOLS_BARS_BYTES = {"worker": 7_000, "lead": None, "all": 15_000}
LOAD_BARS = {10_000: (5.0, None), 100_000: (30.0, 500)}


def start(times: int) -> Line:
    """From starting the process to its first answer, alternating with the empty server."""
    ours: list[float] = []
    empty: list[float] = []
    with projects.folder() as root:
        projects.make(root / "project", 100, width=10, parallel=3)
        for number in range(-1, times):
            took = _first_answer(partial(client.floor, root, commits=False))
            also = _first_answer(partial(client.server, root / "project"))
            if number >= 0:  # the first pair warms the disk cache and the compiled files
                empty.append(took)
                ours.append(also)
    pairs = sorted(a / b for a, b in zip(ours, empty, strict=True))
    ratio = median(ours) / median(empty)
    return Line(
        "start to first answer",
        f"<= {START_BAR} empty servers",
        f"{ratio:.3f} x ({median(ours) * 1000:.0f} against {median(empty) * 1000:.0f} ms; "
        f"pairs {pairs[0]:.2f} to {pairs[-1]:.2f}, {times} each)",
        against(ratio, START_BAR),
        {"ratio": ratio, "ours_s": median(ours), "empty_s": median(empty)},
    )


def _first_answer(begin: Callable[[], Client]) -> float:
    with begin() as server:
        server.request("server/discover")
        return time.perf_counter() - server.started


def sizes() -> Iterator[Line]:
    """Bytes of the ready list of a large plan, and of each profile's tools."""
    with projects.folder() as root:
        projects.make(root, 10_000, width=1_000, parallel=3)
        with client.server(root) as server:
            yield _ready_list(server)
        for profile, bar in TOOLS_BARS_BYTES.items():
            with Client(client.callsheet("serve", "--profile", profile), root) as server:
                tools = server.request("tools/list")["tools"]
            size = len(json.dumps(tools, ensure_ascii=False, separators=(",", ":")).encode())
            asked = "-" if bar is None else f"<= {bar:,} bytes"
            verdict = "-" if bar is None else against(size, bar)
            seen = f"{size:,} bytes, {len(tools)} tools"
            yield Line(f"tools/list, {profile}", asked, seen, verdict, {"bytes": size})


def _ready_list(server: Client) -> Line:
    result = server.request("tools/call", name="list_ready_tasks", arguments={})
    size = len(result["content"][0]["text"].encode())
    answer = result["structuredContent"]
    return Line(
        "ready list at 10,000 tasks",
        f"<= {READY_BAR_BYTES:,} bytes",
        f"{size:,} bytes, {answer['shown']} of {answer['total']}",
        against(size, READY_BAR_BYTES),
        {"bytes": size},
    )


def load(tasks: int) -> Line:
    """`callsheet load` of a generated `.claudio` tree: wall time and peak memory."""
    most_seconds, most_mb = LOAD_BARS[tasks]
    with projects.folder() as root:
        projects.write_tree(root, tasks)
        seconds, mb, answer = _loaded(root)
    found = answer.get("tasks", answer)
    fits = seconds <= most_seconds and mb <= (most_mb or mb) and found == tasks
    memory = f", <= {most_mb} MB" if most_mb else ""
    return Line(
        f"loading {tasks:,} tasks from Markdown",
        f"<= {most_seconds:.0f} s{memory}",
        f"{seconds:.1f} s, {mb:.0f} MB, {found} tasks, {answer.get('dependencies')} dependencies",
        "met" if fits else "MISSED",
        {"seconds": seconds, "peak_mb": mb},
    )


def _loaded(root: Path) -> tuple[float, float, dict[str, object]]:
    before = time.perf_counter()
    process = subprocess.Popen(
        client.callsheet("load", ".claudio", "--json"),
        cwd=root,
        env=client.environment(),
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process.stdout as pipe:
        text = pipe.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - before
    kilo = 1 if sys.platform == "darwin" else 1024
    answer: dict[str, object] = json.loads(text)
    return seconds, usage.ru_maxrss * kilo / 1e6, answer
