"""Who holds a task: labels, sessions, handles that went stale, and handles shown elsewhere."""

import signal
from pathlib import Path

from acceptance.plans import begin, stale, stop, write_plan
from acceptance.record import record, violations
from acceptance.wire import LEGACY, crew


async def test_two_sessions_with_one_label_are_two_holders(tmp_path: Path) -> None:
    write_plan(tmp_path, [{"key": "a"}, {"key": "b"}, {"key": "c"}])
    async with crew(tmp_path) as servers:
        one, other = await servers.some(2)
        await begin(one)
        ours = await one.call("claim_task", agent="ada")
        theirs = await other.call("claim_task", agent="ada")
        assert ours["task"]["key"] != theirs["task"]["key"]
        assert "also_holding" in theirs and theirs["also_holding"] == []
        for server, claimed in ((one, ours), (other, theirs)):
            (held,) = (await server.call("get_progress", agent="ada"))["holds"]
            assert held["claim"] == claimed["claim"]
    first, second = record(tmp_path).of("claimed")
    assert first.agent == second.agent
    assert first.session != second.session


async def test_a_superseded_claim_is_refused_and_told_who_holds_the_task_now(
    tmp_path: Path,
) -> None:
    write_plan(tmp_path, [{"key": "a"}])
    async with crew(tmp_path) as servers:
        sleepy, awake = await servers.some(2)
        await begin(awake)
        lost = await sleepy.call("claim_task", agent="sleepy")
        stop(sleepy, tmp_path)
        now = await awake.call("claim_task", agent="awake", wait_seconds=20)
        assert now["task"]["key"] == "a"
        assert now["task"]["attempt"] == 2
        (before,) = now["context"]["previous_attempts"]
        assert "may still be editing" in before["warning"]
        sleepy.signal(signal.SIGCONT)
        told = await stale(sleepy, lost["claim"])
        assert "'awake' holds the task now (attempt 2)" in told
        for tool, more in (
            ("report_progress", {"percent": 99}),
            ("fail_task", {"error": "Not mine."}),
            ("release_task", {}),
        ):
            refusal = await sleepy.refusal(tool, claim=lost["claim"], **more)
            assert refusal.startswith("STALE_CLAIM: ")
        done = await awake.call("complete_task", claim=now["claim"], summary="Done.")
    assert done["run"] == "finished"
    assert record(tmp_path).completed() == ["a"]
    assert violations(tmp_path, lease_seconds=1, retry_base_seconds=0) == []


async def test_a_handle_shown_in_a_new_session_is_adopted_when_nobody_superseded_it(
    tmp_path: Path,
) -> None:
    """An assistant that reconnects has a new server process, and its claim still in its context."""
    write_plan(tmp_path, [{"key": "a"}])
    async with crew(tmp_path, lease_seconds="60") as servers:
        old = await servers.server(LEGACY)
        await begin(old)
        claimed = await old.call("claim_task", agent="ada")
        assert await old.hang_up() == 0
        new = await servers.server()
        again = await new.call("report_progress", claim=claimed["claim"], percent=50)
        assert again["directive"] == "continue"
        (held,) = (await new.call("get_progress", agent="ada"))["holds"]
        assert held["claim"] == claimed["claim"]
        await new.call("complete_task", claim=claimed["claim"], summary="Done.")
    log = record(tmp_path)
    assert log.holders("a") == [(log.of("claimed")[0].session, "ada")]
    assert log.of("completed")[0].session != log.of("claimed")[0].session
    assert violations(tmp_path, lease_seconds=60, retry_base_seconds=0) == []


async def test_the_task_of_a_killed_server_is_in_other_hands_although_its_lease_is_long(
    tmp_path: Path,
) -> None:
    write_plan(tmp_path, [{"key": "a"}])
    async with crew(tmp_path, lease_seconds="3600") as servers:
        killed, other = await servers.some(2)
        await begin(other)
        await killed.call("claim_task", agent="killed")
        await killed.kill()
        now = await other.call("claim_task", agent="other", wait_seconds=20)
    assert now["task"]["key"] == "a"
    assert now["context"]["previous_attempts"][0]["outcome"] == "lost"
