"""Who is alive: leases, silence, runtime, ended and killed sessions, and who may come back."""

from typing import Any

import pytest
from engine.kit import FakeProcesses, Session, World, plan

from callsheet.engine.board import Board
from callsheet.engine.env import Policy
from callsheet.model.errors import CallsheetError
from callsheet.model.outcome import Claimed, Nothing
from callsheet.plan.draft import PlanDraft


def world_with(spec: str = "a", **policy: Any) -> tuple[World, Session]:
    world = World(Policy(**policy))
    world.load(plan(spec))
    world.start(parallel=9)
    return world, world.session()


def live_for(world: World, session: Session, minutes: float) -> None:
    """Time passes while the session's server renews its leases."""
    for _ in range(round(minutes * 2)):
        world.clock.advance(30)
        session.renew()


def test_a_lease_that_nobody_renews_runs_out() -> None:
    world, session = world_with()
    claim = session.claim("ann")
    world.clock.advance(59)
    assert world.session().nothing().reason == "waiting"
    world.clock.advance(1)
    again = world.session().ask("bob")
    assert again.task.attempt == 2
    [previous] = again.context.previous_attempts
    assert (previous.agent, previous.outcome) == ("ann", "lost")
    assert previous.warning is not None and "may still be editing" in previous.warning
    with pytest.raises(CallsheetError, match="^STALE_CLAIM"):
        session.report(claim)
    world.assert_sound()


def test_a_session_that_lives_keeps_its_leases_without_any_call_of_the_agent() -> None:
    world, session = world_with()
    session.claim()
    live_for(world, session, 40)
    assert world.session().nothing().reason == "waiting"


def test_an_agent_that_stays_silent_too_long_loses_its_task_although_its_session_lives() -> None:
    world, session = world_with()
    claim = session.claim()
    live_for(world, session, 44)
    session.report(claim)
    live_for(world, session, 44)
    assert world.session().nothing().reason == "waiting"
    live_for(world, session, 1)
    assert world.session().ask().task.attempt == 2
    assert world.value("SELECT error FROM attempt WHERE n = 1") == "no sign of life for too long"


def test_an_attempt_can_not_outlive_max_runtime_however_much_it_reports() -> None:
    world, session = world_with(max_runtime_minutes=60)
    claim = session.claim()
    for _ in range(3):
        live_for(world, session, 19)
        session.report(claim)
    live_for(world, session, 3)
    assert world.session().ask().task.attempt == 2


def test_the_answer_to_a_claim_says_by_when_to_report() -> None:
    _, session = world_with()
    answer = session.ask()
    assert (answer.report_within_minutes, answer.lease_seconds) == (30, 60)


def test_a_pause_stops_the_clocks_of_silence_and_runtime() -> None:
    world, session = world_with(max_runtime_minutes=60)
    claim = session.claim()
    live_for(world, session, 40)
    world.control("pause")
    live_for(world, session, 300)
    world.control("resume")
    live_for(world, session, 4)
    world.tidy()
    assert world.state("a") == "running", "44 of 45 minutes of silence"
    session.report(claim)
    live_for(world, session, 16)
    world.tidy()
    assert world.state("a") != "running", "the runtime of an hour is over"


def test_a_report_during_a_pause_does_not_prolong_the_silence_that_is_allowed_after_it() -> None:
    world, session = world_with()
    claim = session.claim()
    world.control("pause")
    live_for(world, session, 100)
    session.report(claim)
    world.control("resume")
    live_for(world, session, 46)
    world.tidy()
    assert world.state("a") != "running"


def test_a_pause_does_not_stop_leases_so_that_a_killed_session_gives_its_tasks_back() -> None:
    world, session = world_with()
    session.claim()
    world.control("pause")
    world.clock.advance(60)
    world.tidy()
    assert world.state("a") == "ready"
    world.assert_sound()


def test_the_clean_end_of_a_server_costs_no_attempt() -> None:
    world, session = world_with()
    for _ in range(5):
        session.claim()
        session.end()
        world.clock.advance(60)
        world.tidy()
        session = world.session()
    assert world.value("SELECT tries FROM task") == 0
    assert session.ask().task.attempt == 6


def test_a_server_that_ended_cleanly_leaves_time_to_take_its_task_over() -> None:
    world, session = world_with()
    claim = session.claim("ann")
    session.end()
    heir = world.session()
    [held] = world.progress("ann", heir).holds
    assert held.claim == claim
    assert heir.report(claim).lease_seconds == 60
    live_for(world, heir, 5)
    assert heir.complete(claim)["state"] == "done"
    world.assert_sound()


def test_a_try_that_goes_on_after_its_server_ended_counts_again() -> None:
    world, session = world_with(max_attempts=1)
    claim = session.claim()
    session.end()
    world.clock.advance(60)
    world.tidy()
    heir = world.session()
    heir.report(claim)
    assert heir.fail(claim)["state"] == "failed"


def test_a_lost_attempt_that_comes_back_shows_no_error_and_no_end() -> None:
    world, session = world_with()
    claim = session.claim()
    world.clock.advance(60)
    world.tidy()
    session.report(claim)
    [attempt] = world.task("a")["attempts"]
    assert attempt["outcome"] == "running"
    assert not {"error", "ended"} & attempt.keys()


def test_a_lost_attempt_that_nobody_superseded_still_completes() -> None:
    world, session = world_with("a; b")
    claim = session.claim(task="a")
    world.clock.advance(3600)
    world.tidy()
    assert session.complete(claim)["state"] == "done"
    world.assert_sound()


def test_a_lost_attempt_comes_back_only_when_a_slot_is_free() -> None:
    world, session = world_with("a; b")
    world.control(parallel=1)
    claim = session.claim(task="a")
    world.clock.advance(60)
    other = session.claim("bob", task="b")
    answer = session.report(claim)
    assert answer.lease_seconds == 0 and "no slot is free" in answer.messages[0]
    session.complete(other)
    assert session.report(claim).lease_seconds == 60
    world.assert_sound()


@pytest.mark.parametrize("given_back", [False, True])
def test_a_lost_attempt_whose_resources_were_taken_since_does_not_count(given_back: bool) -> None:
    world = World()
    wants = {"resources": ("src/**",)}
    world.load(plan("a; b", a=wants, b=wants))
    world.start()
    session = world.session()
    claim = session.claim(task="a")
    world.clock.advance(60)
    other = session.claim("bob", task="b")
    if given_back:
        session.complete(other)
    for call in (session.complete, session.report):
        with pytest.raises(CallsheetError, match="^STALE_CLAIM.*others have taken its resources"):
            call(claim)
    world.assert_sound()


def test_the_same_label_in_two_sessions_is_two_holders() -> None:
    world, session = world_with("a; b")
    first = session.claim("ann", task="a")
    other = world.session()
    answer = other.ask("ann")
    assert answer.also_holding == ()
    assert [h.claim for h in world.progress("ann", session).holds] == [first]
    session.end()
    assert len(world.progress("ann", other).holds) == 2


def test_a_session_that_adopts_a_claim_renews_it_from_then_on() -> None:
    world, session = world_with()
    claim = session.claim()
    heir = world.session()
    heir.report(claim)
    live_for(world, heir, 5)
    assert session.renew() == 0
    assert world.state("a") == "running"


def test_a_step_of_the_wall_clock_expires_nothing() -> None:
    world, session = world_with()
    session.claim()
    for days in (1, -30, 365):
        world.clock.wall += days * 86_400_000
        world.tidy()
        assert world.state("a") == "running"


# --- the board ---------------------------------------------------------------------------------


class NoPlans:
    async def read(self, path: str | None, format: str | None, name: str | None) -> PlanDraft:
        raise AssertionError


def board_on(world: World, processes: FakeProcesses) -> Board:
    return Board(world.store, world.env, NoPlans(), processes, "stdio")


async def test_a_task_whose_holders_process_is_gone_is_handed_out_at_once() -> None:
    world = World()
    world.load(plan("a"))
    world.start()
    processes = FakeProcesses()
    first, second = board_on(world, processes), board_on(world, processes)
    assert isinstance(await first.claim_task("ann"), Claimed)
    assert isinstance(await second.claim_task("bob"), Nothing)
    processes.gone.add(world.value("SELECT max(pid) FROM session WHERE pid_start = 'start-101'"))
    assert isinstance(await second.claim_task("bob"), Nothing), "looked for once a second"
    world.clock.advance(1)
    again = await second.claim_task("bob")
    assert isinstance(again, Claimed) and again.task.attempt == 2
    [previous] = again.context.previous_attempts
    assert previous.error == "its process ended without a word"
    assert world.value("SELECT tries FROM task") == 2
    world.assert_sound()


async def test_reading_gives_back_what_is_lost_and_wakes_what_is_due() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start()
    board = board_on(world, FakeProcesses())
    claim = await board.claim_task("ann", task="a")
    assert isinstance(claim, Claimed)
    world.clock.advance(60)
    answer = await board.get_progress()
    assert answer.totals == {"ready": 2, "total": 2} and not answer.running
    world.assert_sound()


async def test_idle_claims_write_nothing() -> None:
    world = World()
    world.load(plan("a"))
    world.start()
    board = board_on(world, FakeProcesses())
    await board.claim_task("ann")
    seq = world.value("SELECT seq FROM project")
    for _ in range(5):
        assert isinstance(await board.claim_task("bob"), Nothing)
    assert world.value("SELECT seq FROM project") == seq
