"""Steering a run while its tasks are in hand, and the limits it must keep."""

import asyncio
from pathlib import Path

from acceptance.plans import Acks, Task, begin, work, write_plan
from acceptance.record import record, violations
from acceptance.wire import crew

THREE: list[Task] = [{"key": "a"}, {"key": "b"}, {"key": "c"}]


async def test_a_paused_run_hands_out_nothing_and_tells_holders_to_pause(tmp_path: Path) -> None:
    write_plan(tmp_path, THREE)
    async with crew(tmp_path) as servers:
        lead, agent = await servers.some(2)
        await begin(lead)
        claimed = await agent.call("claim_task", agent="ada")
        await lead.call("control_run", action="pause")
        nothing = await agent.call("claim_task", agent="ada")
        assert (nothing["reason"], nothing["next"]) == ("paused", "wait")
        told = await agent.call("report_progress", claim=claimed["claim"], percent=10)
        assert told["directive"] == "pause"
        waiting = asyncio.create_task(agent.call("claim_task", agent="ben", wait_seconds=20))
        await lead.call("control_run", action="resume")
        assert (await waiting)["outcome"] == "claimed"
        told = await agent.call("report_progress", claim=claimed["claim"], percent=20)
        assert told["directive"] == "continue"
    assert violations(tmp_path, lease_seconds=1, retry_base_seconds=0) == []


async def test_a_drained_run_lets_its_holders_finish_and_is_paused_then(tmp_path: Path) -> None:
    write_plan(tmp_path, THREE)
    async with crew(tmp_path) as servers:
        lead, agent = await servers.some(2)
        await begin(lead)
        claimed = await agent.call("claim_task", agent="ada")
        await lead.call("control_run", action="drain")
        assert (await agent.call("claim_task", agent="ben"))["reason"] == "draining"
        told = await agent.call("report_progress", claim=claimed["claim"])
        assert told["directive"] == "continue"
        done = await agent.call("complete_task", claim=claimed["claim"], summary="Done.")
        assert done["run"] == "paused"
        assert (await agent.call("claim_task", agent="ben"))["reason"] == "paused"
    assert record(tmp_path).completed() == ["a"]


async def test_a_cancelled_run_tells_holders_to_stop_and_counts_what_they_still_complete(
    tmp_path: Path,
) -> None:
    write_plan(tmp_path, THREE)
    async with crew(tmp_path) as servers:
        lead, agent = await servers.some(2)
        await begin(lead)
        claimed = await agent.call("claim_task", agent="ada")
        await lead.call("control_run", action="cancel")
        nothing = await agent.call("claim_task", agent="ben")
        assert (nothing["reason"], nothing["next"]) == ("no_run", "ask")
        told = await agent.call("report_progress", claim=claimed["claim"])
        assert told["directive"] == "stop"
        done = await agent.call("complete_task", claim=claimed["claim"], summary="Done anyway.")
        assert done["state"] == "done"
        assert (await lead.call("get_task", task="a"))["state"] == "done"
    assert violations(tmp_path, lease_seconds=1, retry_base_seconds=0) == []


async def test_a_limit_of_three_is_never_exceeded_by_five_servers(tmp_path: Path) -> None:
    write_plan(tmp_path, [{"key": str(n)} for n in range(60)])
    acks: Acks = []
    async with crew(tmp_path) as servers:
        five = await servers.some(5)
        await begin(five[0], parallel=3)
        async with asyncio.TaskGroup() as group:
            for number, server in enumerate(five):
                group.create_task(work(server, f"agent-{number}", acks))
    assert len(acks) == 60
    assert record(tmp_path).most_at_once() == 3


FILES = {
    "src/{}/**": {"src/{}/a.py", "src/{}/b.py", "src/{}/deep/c.py"},
    "src/{}/*.py": {"src/{}/a.py", "src/{}/b.py"},
    "src/{}/a.py": {"src/{}/a.py"},
    "src/{}/deep/c.py": {"src/{}/deep/c.py"},
}


async def test_tasks_whose_globs_meet_never_run_together_and_others_do(tmp_path: Path) -> None:
    """What each glob covers is written out by hand above, not worked out by the code tested."""
    tasks, touches = [], {}
    for folder in range(3):
        for number, (glob, files) in enumerate(list(FILES.items()) * 4):
            key = f"{folder}.{number}"
            tasks.append({"key": key, "resources": [glob.format(folder)]})
            touches[key] = frozenset(file.format(folder) for file in files)
    write_plan(tmp_path, tasks)
    acks: Acks = []
    async with crew(tmp_path) as servers:
        four = await servers.some(4)
        await begin(four[0], parallel=10)
        async with asyncio.TaskGroup() as group:
            for number in range(8):
                group.create_task(work(four[number % 4], f"agent-{number}", acks))
    log = record(tmp_path)
    assert sorted(log.completed()) == sorted(touches)
    assert log.clashes(touches) == set()
    assert log.most_at_once() > 1
