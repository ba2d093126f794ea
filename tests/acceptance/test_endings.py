"""However a server is told to end, it ends at once, cleanly, and costs nobody an attempt."""

import os
import signal
from pathlib import Path

import pytest
from acceptance.plans import begin, write_plan
from acceptance.record import record, rows
from acceptance.wire import ERAS, Server, crew

ENDINGS = ("end of input", "SIGTERM", "SIGINT")


async def end(server: Server, how: str) -> int:
    """Exit code of a server that is ended this way."""
    if how == "end of input":
        return await server.hang_up()
    server.signal(signal.Signals[how])
    return await server.ended()


@pytest.mark.parametrize("how", ENDINGS)
async def test_a_server_that_is_ended_gives_its_task_back_without_using_up_an_attempt(
    how: str, tmp_path: Path
) -> None:
    write_plan(tmp_path, [{"key": "a"}])
    async with crew(tmp_path, max_attempts="1") as servers:
        ending, other = await servers.some(2)
        await begin(ending)
        claimed = await ending.call("claim_task", agent="ada")
        waiting = ending.send("tools/call", name="get_progress", arguments={})
        assert await end(ending, how) == 0
        assert waiting.done()
        again = await other.call("claim_task", agent="ben", wait_seconds=20)
    assert again["outcome"] == "claimed", again
    assert claimed["task"]["key"] == again["task"]["key"] == "a"
    assert again["task"]["attempt"] == 2
    (pid_ended,) = rows(tmp_path, f"SELECT ended_at FROM session WHERE pid = {ending.pid}")
    assert pid_ended[0] is not None
    assert "attempt lost" in [event.kind for event in record(tmp_path).events]


@pytest.mark.parametrize(("how", "era"), list(zip(ENDINGS, (*ERAS, *ERAS), strict=False)))
async def test_a_server_ends_while_a_call_waits(how: str, era: str, tmp_path: Path) -> None:
    write_plan(tmp_path, [{"key": "a"}, {"key": "b", "depends_on": ["a"]}])
    async with crew(tmp_path) as servers:
        server = await servers.server(era)
        await begin(server)
        await server.call("claim_task", agent="ada")
        server.send("tools/call", name="claim_task", arguments={"agent": "ben", "wait_seconds": 20})
        await server.call("get_progress")
        assert await end(server, how) == 0
    assert [event.agent for event in record(tmp_path).of("claimed")] == ["ada"]
    assert rows(tmp_path, "SELECT count(*) FROM session WHERE ended_at IS NULL") == [(0,)]


@pytest.mark.parametrize("how", ENDINGS)
async def test_a_server_that_nobody_called_ends_as_well(how: str, tmp_path: Path) -> None:
    async with crew(tmp_path) as servers:
        assert await end(await servers.server(), how) == 0
    assert os.listdir(tmp_path) == []
