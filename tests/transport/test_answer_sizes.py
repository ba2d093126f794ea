"""No answer grows with the plan, and none is cut without saying so."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from transport.kit import playing, size

MOST = 40_000
MOST_CLAIM = 12_000
PHASES, TASKS = 2_000, 10_000
BRIEF = "Grüße, world. " * 14_000  # about 200 kB
WORDY = "An endless sentence about nothing in particular. "

Call = Mapping[str, Any]


def large_plan() -> dict[str, Any]:
    """10,000 tasks in 2,000 phases that need no order, wordy wherever a plan can be wordy."""
    tasks: list[dict[str, Any]] = [
        {
            "key": f"{n % PHASES}.{n}-{'k' * 80}",
            "title": WORDY * 8,
            "phase": str(n % PHASES),
            "type": "development",
            "resources": [f"shared:{n}/{m}/**" for m in range(10)],
        }
        for n in range(TASKS - 2)
    ]
    huge = {
        "key": "huge",
        "title": WORDY * 20,
        "priority": "critical",
        "brief": BRIEF,
        "acceptance": [WORDY * 10] * 50,
        "files": [f"docs/{'d' * 200}/{n}.md" for n in range(200)],
        "resources": [f"name:{'r' * 100}-{n}" for n in range(50)],
        "depends_on": [task["key"] for task in tasks[:300]],
    }
    first = {"key": "first", "title": "First", "priority": "critical"}
    phases = [{"key": str(n), "title": WORDY * 10, "depends_on": []} for n in range(PHASES)]
    return {"schema": "callsheet.plan/v1", "phases": phases, "tasks": [first, *tasks, huge]}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the large plan loaded and a run started."""
    root = tmp_path_factory.mktemp("large")
    (root / "callsheet.plan.json").write_text(json.dumps(large_plan()))

    async def load() -> None:
        async with playing(root) as played:
            await played.call("load_plan")
            await played.call("start_run", parallel=500)

    asyncio.run(load())
    return root


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_ready_tasks", {"limit": 100}),
        ("list_ready_tasks", {"phase": "7"}),
        ("get_progress", {"agent": "ada"}),
        ("get_task", {"task": "huge", "detail": "full"}),
        ("get_task", {"task": "huge"}),
        ("get_task", {"task": "first", "detail": "full"}),
        ("start_run", {"dry_run": True}),
        ("load_plan", {"dry_run": True}),
        ("load_plan", {"dry_run": True, "plan": "again"}),
    ],
)
async def test_no_answer_is_longer_than_40_kb_at_10000_tasks(
    tool: str, arguments: Call, large: Path
) -> None:
    async with playing(large) as played:
        assert size(await played.call(tool, **arguments)) <= MOST


async def test_a_ready_list_of_ordinary_length_is_short_and_counts_the_rest(large: Path) -> None:
    async with playing(large) as played:
        seen = await played.call("list_ready_tasks")
        again = await played.call("list_ready_tasks", cursor=seen["next_cursor"])
    assert seen["shown"] == len(seen["tasks"]) <= 20
    assert seen["total"] >= TASKS - 2
    assert not {t["key"] for t in seen["tasks"]} & {t["key"] for t in again["tasks"]}


async def test_progress_counts_what_it_does_not_list(large: Path) -> None:
    async with playing(large) as played:
        seen = await played.call("get_progress")
    assert seen["totals"]["total"] == TASKS
    assert seen["phases_total"] == PHASES
    assert len(seen["phases"]) < PHASES


async def test_a_long_brief_comes_whole_page_by_page(large: Path) -> None:
    pages, start = [], 0
    async with playing(large) as played:
        while True:
            seen = await played.call("get_task", task="huge", detail="full", brief_from=start)
            pages.append(seen["brief"])
            if "brief_next" not in seen:
                break
            assert seen["brief_next"] > start
            start = seen["brief_next"]
    assert "".join(pages) == BRIEF


async def test_refusals_stay_short_whatever_they_are_about(large: Path) -> None:
    async with playing(large) as played:
        for tool, arguments in (
            ("get_task", {"task": "z" * 100_000}),
            ("list_ready_tasks", {"phase": "z" * 100_000}),
            ("report_progress", {"claim": "z" * 100_000}),
            ("get_progress", {"plan": "z" * 100_000}),
            ("load_plan", {"path": "z" * 100_000}),
            ("add_tasks", {"tasks": [{"title": "A", "depends_on": ["z" * 100_000] * 50}]}),
            ("start_run", {"tasks": ["z" * 100_000] * 400}),
            ("claim_task", {"z" * 100_000: 1}),
        ):
            assert len(await played.refused(tool, **arguments)) <= 4_000, tool


async def test_a_claim_is_short_however_much_there_is_to_say(tmp_path: Path) -> None:
    """A huge brief, and as many long handoffs and failed attempts before it as anybody could leave."""
    before = [{"key": f"before{n}", "title": WORDY * 10} for n in range(30)]
    huge = {
        "key": "huge",
        "title": WORDY * 100,
        "brief": BRIEF,
        "acceptance": [WORDY * 100] * 100,
        "files": [f"docs/{'d' * 200}/{n}.md" for n in range(200)],
        "depends_on": [task["key"] for task in before],
    }
    long = "y" * 16_000
    artifacts = [{"kind": "file", "path": "p" * 1_000, "note": "n" * 1_000}] * 20
    async with playing(tmp_path, max_attempts=10, retry_base_seconds=0) as played:
        await played.call("add_tasks", tasks=[*before, huge])
        await played.call("start_run", parallel=100)
        for _ in before:
            done = (await played.call("claim_task", agent="ada"))["claim"]
            work = {"summary": long, "handoff": long, "artifacts": artifacts}
            assert size(await played.call("complete_task", claim=done, **work)) <= MOST
        for _ in range(5):
            claimed = await played.call("claim_task", agent="ben", wait_seconds=20)
            failed = {"error": long, "handoff": long}
            await played.call("fail_task", claim=claimed["claim"], **failed)
        claimed = await played.call("claim_task", agent="cleo", wait_seconds=20)
        whole = await played.call("get_task", task="huge", detail="full")
    assert claimed["task"]["key"] == "huge"
    assert size(claimed) <= MOST_CLAIM
    assert claimed["task"]["brief_chars"] == len(BRIEF)
    assert BRIEF.startswith(claimed["task"]["brief"][:1_000])
    assert claimed["context"]["previous_attempts"][0]["attempt"] == 5
    assert claimed["context"]["handoffs_total"] == len(before)
    assert claimed["context"]["handoffs"][0]["summary"].startswith("yyy")
    assert size(whole) <= MOST


async def test_an_agent_that_holds_much_is_told_how_much(tmp_path: Path) -> None:
    async with playing(tmp_path, synchronous="NORMAL") as played:
        tasks = [{"key": f"{n}-{'k' * 120}", "title": WORDY * 20} for n in range(200)]
        await played.call("add_tasks", tasks=tasks)
        run = await played.call("start_run", parallel=200, tasks=[t["key"] for t in tasks])
        assert size(run) <= MOST
        for _ in tasks:
            claimed = await played.call("claim_task", agent="ada")
        held = await played.call("get_progress", agent="ada")
    assert size(claimed) <= MOST_CLAIM
    assert size(held) <= MOST
    assert claimed["also_holding_total"] == len(tasks) - 1
    assert run["scope"]["tasks_total"] == len(tasks)
    assert held["holds_total"] == len(tasks)
    assert held["running_total"] == len(tasks)
