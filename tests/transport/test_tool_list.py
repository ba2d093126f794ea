"""What a client sees first: the tools of each profile, their size, and the instructions."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from transport.kit import ERAS, playing, size

SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = "UPDATE_SNAPSHOTS"
MOST_BYTES = {"worker": 6_600, "lead": 15_000, "all": 15_000}


async def listed(root: Path, era: str, profile: str) -> dict[str, Any]:
    """The answer to `tools/list` as it goes over the wire, without what the protocol adds."""
    async with playing(root, era, profile) as played:
        answer = await played.client.list_tools()
    sent: dict[str, Any] = answer.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"tools": sent["tools"]}


@pytest.mark.parametrize("profile", MOST_BYTES)
async def test_the_tools_of_a_profile_are_those_of_its_snapshot(
    profile: str, tmp_path: Path
) -> None:
    seen = json.dumps(await listed(tmp_path, "auto", profile), indent=1, ensure_ascii=False) + "\n"
    snapshot = SNAPSHOTS / f"{profile}.json"
    if os.environ.get(UPDATE):
        snapshot.write_text(seen, encoding="utf-8")
    kept = snapshot.read_text(encoding="utf-8") if snapshot.exists() else "(there is no snapshot)"
    assert seen == kept, (
        f"The tools of {profile!r} are not those in {snapshot.name}. If that is meant: "
        f"{UPDATE}=1 pytest {Path(__file__).name}, and look at the difference before committing."
    )


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(("profile", "most"), MOST_BYTES.items())
async def test_the_tool_list_costs_an_agent_little_context(
    profile: str, most: int, era: str, tmp_path: Path
) -> None:
    assert size(await listed(tmp_path, era, profile)) <= most


@pytest.mark.parametrize("profile", MOST_BYTES)
async def test_both_eras_offer_the_same_tools(profile: str, tmp_path: Path) -> None:
    modern, legacy = [await listed(tmp_path, era, profile) for era in ERAS]
    assert modern == legacy


@pytest.mark.parametrize("era", ERAS)
async def test_the_instructions_are_short_and_begin_with_what_callsheet_does(
    era: str, tmp_path: Path
) -> None:
    async with playing(tmp_path, era) as played:
        instructions = played.client.instructions
    assert instructions is not None
    assert len(instructions) <= 1_500
    assert instructions.startswith("callsheet hands the tasks of one plan to several agents")


async def test_exactly_the_tools_that_only_look_are_marked_as_reading(tmp_path: Path) -> None:
    tools = (await listed(tmp_path, "auto", "all"))["tools"]
    reading = {tool["name"] for tool in tools if tool["annotations"].get("readOnlyHint")}
    assert reading == {"list_ready_tasks", "get_task", "get_progress"}


async def test_tools_that_undo_work_are_the_only_ones_left_marked_destructive(
    tmp_path: Path,
) -> None:
    """The protocol takes a tool that writes for destructive unless it says otherwise."""
    tools = (await listed(tmp_path, "auto", "all"))["tools"]
    harmless = {"readOnlyHint": True}, {"destructiveHint": False}
    marked = {tool["name"] for tool in tools if tool["annotations"] not in harmless}
    assert marked == {"control_run", "resolve_task"}


async def test_a_client_that_searches_for_tools_loads_the_three_of_an_executor_at_once(
    tmp_path: Path,
) -> None:
    tools = (await listed(tmp_path, "auto", "worker"))["tools"]
    always = {tool["name"] for tool in tools if tool.get("_meta") == {"anthropic/alwaysLoad": True}}
    assert always == {"claim_task", "complete_task", "get_progress"}


async def test_every_description_is_one_to_four_sentences(tmp_path: Path) -> None:
    for tool in (await listed(tmp_path, "auto", "all"))["tools"]:
        assert 40 <= len(tool["description"]) <= 400, tool["name"]
        assert tool["description"].endswith("."), tool["name"]
        assert tool["inputSchema"]["additionalProperties"] is False, tool["name"]


async def test_a_lead_has_every_tool_but_those_of_a_holder(tmp_path: Path) -> None:
    everything, lead = [
        {tool["name"] for tool in (await listed(tmp_path, "auto", profile))["tools"]}
        for profile in ("all", "lead")
    ]
    assert everything - lead == {
        "claim_task",
        "report_progress",
        "complete_task",
        "fail_task",
        "release_task",
    }
