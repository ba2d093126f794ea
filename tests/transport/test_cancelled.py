"""A claim whose call the client cancelled before the answer left is undone."""

from pathlib import Path
from typing import Any

import anyio
import pytest
from transport.kit import ERAS, Played, playing


async def until(played: Played, kind: str) -> list[str]:
    """Look until the log has an event of this kind; the time-out is a safety net."""
    with anyio.fail_after(30):
        while kind not in (events := await played.events()):
            await anyio.lowlevel.checkpoint()
    return events


@pytest.mark.parametrize("era", ERAS)
async def test_a_claim_cancelled_by_its_client_leaves_the_task_as_it_was(
    era: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with playing(tmp_path, era) as played:
        await played.call("add_tasks", tasks=[{"key": "a", "title": "A"}])
        await played.call("start_run")
        store = played.board.store
        write = store.write
        handed_out = anyio.Event()

        async def slow(*given: Any) -> Any:
            """The store, whose answer comes only once the client has cancelled its call."""
            answer = await write(*given)
            if getattr(answer, "outcome", "") == "claimed":
                handed_out.set()
                await cancelled.wait()
            return answer

        monkeypatch.setattr(store, "write", slow)
        cancelled = anyio.Event()
        async with anyio.create_task_group() as calls:
            calls.start_soon(played.client.call_tool, "claim_task", {"agent": "ada"})
            await handed_out.wait()
            calls.cancel_scope.cancel()
            with anyio.CancelScope(shield=True):
                await anyio.wait_all_tasks_blocked()  # the server has heard of it
                cancelled.set()
        monkeypatch.setattr(store, "write", write)
        events = await until(played, "claim undone")
        task = await played.call("get_task", task="a")
        claimed = await played.call("claim_task", agent="ben")
    assert events[-2:] == ["claimed", "claim undone"]
    assert task["state"] == "ready"
    assert claimed["task"]["key"] == "a"
    assert "warning" not in str(claimed["context"]["previous_attempts"])


@pytest.mark.parametrize("era", ERAS)
async def test_cancelling_a_claim_that_waits_hands_nothing_out(era: str, tmp_path: Path) -> None:
    async with playing(tmp_path, era) as played:
        await played.call("add_tasks", tasks=[{"key": "a", "title": "A"}])
        await played.call("start_run")
        await played.call("claim_task", agent="ada")
        async with anyio.create_task_group() as calls:
            waiting = {"agent": "ben", "wait_seconds": 20}
            calls.start_soon(played.client.call_tool, "claim_task", waiting)
            await anyio.wait_all_tasks_blocked()
            calls.cancel_scope.cancel()
        await played.call("add_tasks", tasks=[{"key": "b", "title": "B"}])
        task = await played.call("get_task", task="b")
    assert task["state"] == "ready"
    assert task["attempts"] == []
