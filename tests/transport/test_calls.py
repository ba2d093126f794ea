"""Every tool, called well and badly, in both eras of the protocol."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from transport.kit import ERAS, Played, playing, size, text_of

from callsheet.model.errors import CODES
from callsheet.transport.server import OFFERS

Call = Mapping[str, Any]
CLAIM = "<the claim of task a>"
TOOLS = [offer.function.__name__ for offer in OFFERS]
PLAN = {
    "schema": "callsheet.plan/v1",
    "name": "main",
    "phases": [{"key": "1", "title": "One"}],
    "tasks": [
        {"key": "a", "title": "First", "phase": "1", "priority": "critical"},
        {"key": "b", "title": "Second", "phase": "1", "depends_on": ["a"]},
        {"key": "c", "title": "Third", "phase": "1"},
    ],
}

GOOD: Mapping[str, tuple[Call, set[str]]] = {
    "claim_task": ({"agent": "ada"}, {"claim", "agent", "task", "context", "lease_seconds"}),
    "report_progress": ({"claim": CLAIM, "percent": 40}, {"directive", "lease_seconds"}),
    "complete_task": (
        {
            "claim": CLAIM,
            "summary": "Done.",
            "artifacts": [{"kind": "file", "path": "src/a.py"}],
            "acceptance": ["it works"],
            "tokens": 1_000,
            "cost_usd": 0.02,
        },
        {"state", "gates", "newly_ready", "progress"},
    ),
    "fail_task": (
        {"claim": CLAIM, "error": "No network.", "retry_after_seconds": 5},
        {"state", "attempt", "max_attempts", "retry_at", "stuck"},
    ),
    "release_task": ({"claim": CLAIM, "reason": "Not mine."}, {"state"}),
    "list_ready_tasks": ({"limit": 1}, {"tasks", "shown", "total"}),
    "get_task": ({"task": "a", "detail": "full"}, {"key", "state", "attempts", "events"}),
    "get_progress": (
        {"agent": "ada"},
        {"totals", "phases", "running", "stuck", "estimate", "holds"},
    ),
    "add_tasks": ({"tasks": [{"title": "More"}], "discovered_from": "a"}, {"keys", "run"}),
    "load_plan": ({"dry_run": True}, {"plan", "tasks", "changes", "diagnostics"}),
    "start_run": ({"dry_run": True, "parallel": 2}, {"waves", "tasks"}),
    "control_run": ({"action": "pause"}, {"state", "parallel"}),
    "resolve_task": ({"task": "b", "action": "skip", "reason": "No."}, {"was", "state"}),
}
BAD: Mapping[str, tuple[Call, str]] = {
    "claim_task": ({"task": "zz"}, "UNKNOWN_TASK"),
    "report_progress": ({"claim": "a@1-xxxxxx"}, "BAD_ARGUMENT"),
    "complete_task": ({"claim": "nonsense", "summary": "Done."}, "BAD_ARGUMENT"),
    "fail_task": ({"claim": CLAIM, "error": "?", "kind": "sad"}, "BAD_ARGUMENT"),
    "release_task": ({}, "BAD_ARGUMENT"),
    "list_ready_tasks": ({"phase": "9"}, "BAD_ARGUMENT"),
    "get_task": ({"task": "zz"}, "UNKNOWN_TASK"),
    "get_progress": ({"plan": "other"}, "UNKNOWN_PLAN"),
    "add_tasks": (
        {
            "tasks": [
                {"key": "x", "title": "X", "depends_on": ["y"]},
                {"key": "y", "title": "Y", "depends_on": ["x"]},
            ]
        },
        "CYCLE",
    ),
    "load_plan": ({"path": "nowhere.md"}, "BAD_ARGUMENT"),
    "start_run": ({"phases": ["9"]}, "BAD_ARGUMENT"),
    "control_run": ({}, "BAD_ARGUMENT"),
    "resolve_task": ({"task": "a", "action": "unblock"}, "NOT_ALLOWED"),
}


@asynccontextmanager
async def at_work(root: Path, era: str) -> AsyncIterator[tuple[Played, str]]:
    """A running plan and the claim that `ada` holds on its first task."""
    (root / "callsheet.plan.json").write_text(json.dumps(PLAN))
    async with playing(root, era) as played:
        await played.call("load_plan")
        await played.call("start_run")
        claimed = await played.call("claim_task", agent="ada")
        assert claimed["task"]["key"] == "a"
        yield played, claimed["claim"]


def filled(arguments: Call, claim: str) -> dict[str, Any]:
    return {name: claim if value == CLAIM else value for name, value in arguments.items()}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("tool", TOOLS)
async def test_a_good_call_is_answered_with_the_same_facts_as_text_and_as_data(
    tool: str, era: str, tmp_path: Path
) -> None:
    arguments, facts = GOOD[tool]
    async with at_work(tmp_path, era) as (played, claim):
        result = await played.result(tool, **filled(arguments, claim))
    assert not result.is_error, text_of(result)
    assert json.loads(text_of(result)) == result.structured_content
    assert facts <= set(result.structured_content or {})
    assert len(text_of(result).encode()) == size(result.structured_content)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("tool", TOOLS)
async def test_a_bad_call_is_refused_with_a_code_and_what_to_do(
    tool: str, era: str, tmp_path: Path
) -> None:
    arguments, code = BAD[tool]
    async with at_work(tmp_path, era) as (played, claim):
        before = await played.events()
        refusal = await played.refused(tool, **filled(arguments, claim))
        assert await played.events() == before
    assert re.match(rf"{code}: .+\. \S.+[.?]$", refusal, re.DOTALL), refusal
    assert code in CODES


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("tool", TOOLS)
async def test_a_misspelt_argument_is_refused_by_its_name(
    tool: str, era: str, tmp_path: Path
) -> None:
    arguments, _ = GOOD[tool]
    async with at_work(tmp_path, era) as (played, claim):
        before = await played.events()
        refusal = await played.refused(tool, **filled(arguments, claim), agnet="ada")
        assert await played.events() == before
    assert refusal.startswith(f"BAD_ARGUMENT: {tool}: there is no argument 'agnet'")
    assert "Nothing was done" in refusal


async def test_a_misspelt_field_of_a_task_is_refused_by_its_name(tmp_path: Path) -> None:
    async with playing(tmp_path) as played:
        refusal = await played.refused("add_tasks", tasks=[{"title": "A", "depends": ["b"]}])
        assert await played.events() == []
    assert "tasks.0.depends" in refusal


async def test_an_unknown_tool_is_named_in_the_refusal(tmp_path: Path) -> None:
    async with playing(tmp_path) as played:
        assert "finish_task" in await played.refused("finish_task")


@pytest.mark.parametrize("tool", ["claim_task", "load_plan"])
async def test_a_profile_refuses_the_tools_that_it_does_not_offer(
    tool: str, tmp_path: Path
) -> None:
    profile = "lead" if tool == "claim_task" else "worker"
    async with playing(tmp_path, profile=profile) as played:
        assert tool in await played.refused(tool)
        assert await played.events() == []


@pytest.mark.parametrize(
    ("tool", "arguments", "place"),
    [
        ("claim_task", {"wait_seconds": 21}, "wait_seconds"),
        ("claim_task", {"agent": "a" * 81}, "agent"),
        ("report_progress", {"claim": "a@1-xxxxxx", "percent": 101}, "percent"),
        ("report_progress", {"claim": "a@1-xxxxxx", "tokens": -1}, "tokens"),
        ("report_progress", {"claim": "a@1-xxxxxx", "tokens": 2**70}, "tokens"),
        ("report_progress", {"claim": "a@1-xxxxxx", "cost_usd": 1e300}, "cost_usd"),
        ("list_ready_tasks", {"limit": 0}, "limit"),
        ("list_ready_tasks", {"limit": "many"}, "limit"),
        ("complete_task", {"claim": "a@1-xxxxxx", "summary": "x" * 16_001}, "summary"),
        ("add_tasks", {"tasks": []}, "tasks"),
        ("add_tasks", {"tasks": [{"title": "  "}]}, "tasks.0.title"),
        ("add_tasks", {"tasks": [{"title": "A", "resources": ["/etc"]}]}, "tasks.0.resources"),
        ("add_tasks", {"tasks": [{"title": "A", "files": ["../x"]}]}, "tasks.0.files"),
        ("start_run", {"budgets": {"tokens": 0}}, "budgets.tokens"),
        ("start_run", {"parallel": 0}, "parallel"),
    ],
)
async def test_an_impossible_value_is_refused_by_its_place(
    tool: str, arguments: dict[str, Any], place: str, tmp_path: Path
) -> None:
    async with playing(tmp_path) as played:
        refusal = await played.refused(tool, **arguments)
    assert refusal.startswith(f"BAD_ARGUMENT: {tool}: {place}: "), refusal


@pytest.mark.parametrize("era", ERAS)
async def test_the_same_calls_made_again_have_one_effect_and_one_answer(
    era: str, tmp_path: Path
) -> None:
    async with at_work(tmp_path, era) as (played, claim):
        request = {"agent": "ben", "request_id": "r1"}
        first = await played.call("claim_task", **request)
        assert await played.call("claim_task", **request) == first
        added = {"tasks": [{"title": "More"}], "request_id": "r2"}
        assert await played.call("add_tasks", **added) == await played.call("add_tasks", **added)
        done = await played.call("complete_task", claim=claim, summary="Done.")
        assert await played.call("complete_task", claim=claim, summary="Done.") == done
        events = await played.events()
        other = await played.refused("claim_task", **request, task="b")
    assert events.count("completed") == 1
    assert events.count("claimed") == 2
    assert other.startswith("CONFLICT: ")


async def test_a_fault_of_our_own_is_said_to_be_one_and_tells_nothing_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ImportError("cannot import name 'x' from '/home/somebody/callsheet/x.py'")

    async with playing(tmp_path) as played:
        monkeypatch.setattr("callsheet.engine.board.Board.load_plan", broken)
        refusal = await played.refused("load_plan")
    assert refusal.startswith("INTERNAL: ") and "not the cause" in refusal
    assert "/home" not in refusal


async def test_a_path_alone_will_do_as_an_artifact(tmp_path: Path) -> None:
    async with at_work(tmp_path, "auto") as (played, claim):
        await played.call("complete_task", claim=claim, summary="s", artifacts=["src/a.py"])
        task = await played.call("get_task", task=claim.split("@")[0])
    assert task["attempts"][0]["artifacts"] == [{"kind": "file", "path": "src/a.py"}]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_ready_tasks", {"cursor": "9" * 40 + ".1"}),
        ("add_tasks", {"tasks": [{"title": "A", "resources": ["pool:x*²"]}]}),
    ],
)
async def test_what_only_looks_like_a_number_is_refused(
    tool: str, arguments: dict[str, Any], tmp_path: Path
) -> None:
    async with playing(tmp_path) as played:
        await played.call("add_tasks", tasks=[{"title": "There is a plan"}])
        assert (await played.refused(tool, **arguments)).startswith("BAD_ARGUMENT: ")
