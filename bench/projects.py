"""Generated projects: layered graphs, two dependencies a task, in fresh temporary folders."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bench.client import ROOT

TYPES = ("development", "testing", "documentation", "quality")
RESOURCE_EVERY = 5
"""Every fifth task holds a path of its own, as tasks of real plans do."""


def use_checkout() -> None:
    """Let this process import the callsheet of this checkout."""
    for source in ("tools", "server"):
        if str(ROOT / source) not in sys.path:
            sys.path.insert(0, str(ROOT / source))


@contextmanager
def folder() -> Iterator[Path]:
    """An empty temporary folder, gone afterwards."""
    with TemporaryDirectory(prefix="callsheet-bench-") as name:
        yield Path(name)


def needs_of(number: int, width: int, dice: Random) -> list[int]:
    """What a task of a layered graph needs: two of the layer before."""
    first = number - number % width
    before = range(max(0, first - width), first)
    return sorted(dice.sample(before, min(2, len(before))))


def make(root: Path, tasks: int, *, width: int, parallel: int, synchronous: str = "FULL") -> Path:
    """A project whose plan is loaded and whose run has started; `width` tasks are ready."""
    root.mkdir(parents=True, exist_ok=True)
    asyncio.run(_make(root, tasks, width, parallel, synchronous))
    return root


async def _make(root: Path, tasks: int, width: int, parallel: int, synchronous: str) -> None:
    from callsheet.app import open_board
    from callsheet.engine import loading
    from callsheet.engine.env import Caller
    from callsheet.plan.draft import PlanDraft, TaskDraft
    from callsheet.settings import load_settings

    dice = Random(tasks)
    drafts = tuple(
        TaskDraft(
            key=f"T{number}",
            title=f"Task {number} of {tasks}",
            type=TYPES[number % len(TYPES)],
            brief=f"Do what task {number} says, and see that what was there still works.",
            acceptance=("The tests pass.", "The page about it is true."),
            depends_on=tuple(f"T{n}" for n in needs_of(number, width, dice)),
            resources=() if number % RESOURCE_EVERY else (f"src/part_{number}/**",),
            estimate_minutes=float(dice.randint(5, 120)),
        )
        for number in range(tasks)
    )
    draft = PlanDraft("bench", "callsheet", "generated", tasks=drafts, digest=str(tasks))
    settings = load_settings(root, environ={}, synchronous=synchronous, busy_seconds=120)
    async with open_board(settings, root, "cli") as board:
        caller = Caller("bench", 0)
        await board.store.write(lambda: loading.load(board.env, caller, draft, dry_run=False))
        await board.start_run(parallel=parallel)


def write_tree(root: Path, tasks: int, phases: int = 20) -> Path:
    """A `.claudio` tree of `tasks` tasks in one `tasks.md` a phase."""
    each = tasks // phases
    dice = Random(tasks)
    for phase in range(1, phases + 1):
        place = root / ".claudio" / f"phase{phase}"
        place.mkdir(parents=True)
        lines = [f"# Phase {phase} Tasks", ""]
        for number in range(1, each + 1):
            lines += [f"### Task {phase}.{number}: Part {number}", "- **Estimate**: 2 hours"]
            if number > 2:
                a, b = dice.sample(range(max(1, number - 50), number), 2)
                lines.append(f"- **Dependencies**: {phase}.{a}, {phase}.{b}")
            lines.append("")
        (place / "tasks.md").write_text("\n".join(lines), encoding="utf-8")
    return root
