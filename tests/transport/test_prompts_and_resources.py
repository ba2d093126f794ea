"""Prompts, resources, and the news that a resource has changed."""

import json
from pathlib import Path

import anyio
import pytest
from mcp import MCPError
from mcp.client.subscriptions import ResourceUpdated as Told
from mcp.server.subscriptions import ResourceUpdated
from mcp.types import TextContent, TextResourceContents
from transport.kit import ERAS, PAGE, Played, playing

from callsheet.transport.resources import STATUS_URI


async def prompt(played: Played, name: str, **arguments: str) -> str:
    answer = await played.client.get_prompt(name, arguments)
    (message,) = answer.messages
    assert isinstance(message.content, TextContent)
    assert message.role == "user"
    return message.content.text


async def read(played: Played, uri: str) -> str:
    (part,) = (await played.client.read_resource(uri)).contents
    assert isinstance(part, TextResourceContents)
    return part.text


@pytest.mark.parametrize("era", ERAS)
async def test_the_prompts_are_listed_with_their_arguments(era: str, tmp_path: Path) -> None:
    async with playing(tmp_path, era) as played:
        prompts = (await played.client.list_prompts()).prompts
    arguments = {p.name: [argument.name for argument in p.arguments or ()] for p in prompts}
    assert arguments == {
        "implement": [
            "project_path",
            "phase",
            "task",
            "resume",
            "parallel",
            "dry_run",
            "status",
        ],
        "work": ["agent", "types", "capabilities"],
    }
    assert not any(a.required for p in prompts for a in p.arguments or ())


@pytest.mark.parametrize("era", ERAS)
async def test_the_executors_prompt_names_the_agent_in_every_call(era: str, tmp_path: Path) -> None:
    async with playing(tmp_path, era) as played:
        text = await prompt(played, "work", agent="ada", types="testing, review")
    assert 'get_progress(agent="ada")' in text
    assert 'claim_task(agent="ada", wait_seconds=20, types=["testing", "review"])' in text


@pytest.mark.parametrize("era", ERAS)
async def test_the_leads_prompt_carries_scope_and_limit_into_the_calls(
    era: str, tmp_path: Path
) -> None:
    async with playing(tmp_path, era) as played:
        text = await prompt(played, "implement", phase="2", parallel="5", resume="true")
        dry = await prompt(played, "implement", dry_run="true")
        status = await prompt(played, "implement", status="true")
    assert 'start_run(phases=["2"], resume=true, parallel=5, dry_run=true)' in text
    assert 'start_run(phases=["2"], resume=true, parallel=5).' in text
    assert "Stop here." in dry and "sub-agents" not in dry
    assert "Change nothing" in status and "start_run" not in status


async def test_a_prompts_argument_cannot_break_out_of_its_quotes(tmp_path: Path) -> None:
    async with playing(tmp_path) as played:
        text = await prompt(played, "implement", phase='2"], parallel=99, x=["')
    assert "start_run(phases=[\"2'], parallel=99, x=['\"], parallel=3" in text


@pytest.mark.parametrize("era", ERAS)
async def test_an_unknown_prompt_or_argument_is_refused_with_what_there_is(
    era: str, tmp_path: Path
) -> None:
    async with playing(tmp_path, era) as played:
        with pytest.raises(MCPError, match="'celebrate'; there are implement and work"):
            await played.client.get_prompt("celebrate")
        with pytest.raises(MCPError, match="no argument 'agnet'; it has agent, types"):
            await played.client.get_prompt("work", {"agnet": "ada"})


@pytest.mark.parametrize("era", ERAS)
async def test_the_resources_are_listed(era: str, tmp_path: Path) -> None:
    async with playing(tmp_path, era) as played:
        fixed = {str(r.uri) for r in (await played.client.list_resources()).resources}
        templates = await played.client.list_resource_templates()
    assert fixed == {"callsheet://status"}
    assert {t.uri_template for t in templates.resource_templates} == {
        "callsheet://plan/{name}",
        "callsheet://task/{key}",
    }


@pytest.mark.parametrize("era", ERAS)
async def test_resources_say_what_the_tools_say(era: str, tmp_path: Path) -> None:
    async with playing(tmp_path, era) as played:
        await played.call("add_tasks", tasks=[{"key": "docs/ü.1", "title": "A"}])
        assert await read(played, STATUS_URI) == PAGE
        progress = json.loads(await read(played, "callsheet://plan/main"))
        assert progress == await played.call("get_progress")
        task = json.loads(await read(played, "callsheet://task/docs%2F%C3%BC.1"))
        assert task == await played.call("get_task", task="docs/ü.1", detail="full")


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("callsheet://task/zz", "UNKNOWN_TASK"),
        ("callsheet://plan/zz", "UNKNOWN_PLAN"),
        ("callsheet://weather", "callsheet://weather"),
    ],
)
async def test_a_resource_that_is_not_there_is_refused_with_the_reason(
    uri: str, reason: str, era: str, tmp_path: Path
) -> None:
    async with playing(tmp_path, era) as played:
        await played.call("add_tasks", tasks=[{"title": "A"}])
        with pytest.raises(MCPError, match=reason):
            await played.client.read_resource(uri)


async def test_a_listening_client_is_told_that_the_status_page_has_changed(tmp_path: Path) -> None:
    async with (
        playing(tmp_path) as played,
        played.client.listen(resource_subscriptions=[STATUS_URI]) as news,
    ):
        await played.bus.publish(ResourceUpdated(uri=STATUS_URI))
        with anyio.fail_after(30):
            told = await anext(aiter(news))
    assert isinstance(told, Told)
    assert str(told.uri) == STATUS_URI
