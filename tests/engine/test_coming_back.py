"""Lost attempts that come back: what they cost, and who may not come back any more."""

from typing import Any

import pytest
from engine.kit import MINUTE, World, plan

from callsheet.engine.env import Policy
from callsheet.model.errors import CallsheetError


def lost(spec: str = "a", **policy: Any) -> tuple[World, str]:
    """A world whose one claim was lost after a minute."""
    world = World(Policy(**policy))
    world.load(plan(spec))
    world.start()
    claim = world.session().claim("ann", task="a")
    world.clock.advance(MINUTE)
    world.tidy()
    return world, claim


def minutes(world: World) -> float:
    return float(world.value("SELECT minutes FROM run"))


def test_the_minutes_of_an_attempt_that_comes_back_count_once() -> None:
    world, claim = lost()
    session = world.session()
    assert minutes(world) == 1
    session.report(claim)
    world.clock.advance(30)
    session.complete(claim)
    assert minutes(world) == 1.5


def test_an_attempt_lost_twice_counts_its_minutes_once() -> None:
    world, claim = lost()
    world.session().report(claim)
    world.clock.advance(MINUTE)
    world.tidy()
    assert minutes(world) == 2


def test_a_lost_attempt_that_completes_at_once_counts_what_it_took_since() -> None:
    world, claim = lost()
    world.clock.advance(MINUTE)
    world.session().complete(claim)
    assert minutes(world) == world.value("SELECT actual FROM task") == 2


def test_a_pause_stops_the_clock_of_runtime_for_a_lost_attempt_too() -> None:
    world, claim = lost(max_runtime_minutes=10)
    world.control("pause")
    world.clock.advance(60 * MINUTE)
    world.control("resume")
    session = world.session()
    assert session.report(claim).lease_seconds == 60
    world.clock.advance(30)
    session.complete(claim)
    assert minutes(world) == 1.5


def test_a_lost_attempt_that_may_still_complete_is_listed_in_any_session() -> None:
    world, claim = lost("a; b")
    heir = world.session()
    assert [held.claim for held in world.progress("ann", heir).holds] == [claim]
    assert not world.progress("bob", heir).holds
    world.session().claim("bob", task="a")
    assert not world.progress("ann", heir).holds


def test_a_lost_attempt_whose_resources_were_taken_since_is_not_listed() -> None:
    world = World()
    wants = {"resources": ("src/**",)}
    world.load(plan("a; b", a=wants, b=wants))
    world.start()
    session = world.session()
    session.claim("ann", task="a")
    world.clock.advance(MINUTE)
    session.claim("bob", task="b")
    assert not world.progress("ann", session).holds


def test_a_budget_of_minutes_counts_an_attempt_that_came_back_once() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start(budgets={"minutes": 2.5})
    session = world.session()
    claim = session.claim("ann", task="a")
    world.clock.advance(MINUTE)
    world.tidy()
    session.report(claim)
    world.clock.advance(30)
    assert session.ask("bob").task.key == "b", "1.5 minutes are used, not 2.5"


@pytest.mark.parametrize("actions", [("cancel", "reopen"), ("skip", "reopen")])
def test_an_operator_who_settles_a_lost_task_supersedes_its_attempt(
    actions: tuple[str, ...],
) -> None:
    world, claim = lost()
    for action in actions:
        world.resolve("a", action)
    session = world.session()
    for call in (session.report, session.complete):
        with pytest.raises(CallsheetError, match="^STALE_CLAIM.*an operator ended the attempt"):
            call(claim)
    assert not world.progress("ann", session).holds
    world.assert_sound()


def test_an_operators_retry_of_a_delayed_task_supersedes_its_lost_attempt() -> None:
    world = World()
    world.load(plan("a"))
    world.start()
    claim = world.session().claim()
    world.clock.reboot()
    world.add("b")  # the reboot is noticed here, and the task waits to be woken
    assert world.state("a") == "delayed"
    world.resolve("a", "retry")
    with pytest.raises(CallsheetError, match="^STALE_CLAIM.*the task is ready now"):
        world.session().report(claim)
    world.assert_sound()


def test_retrying_all_failed_tasks_supersedes_their_lost_attempts() -> None:
    world, claim = lost(max_attempts=1)
    assert world.state("a") == "failed"
    world.start(retry_failed=True)
    with pytest.raises(CallsheetError, match="^STALE_CLAIM"):
        world.session().report(claim)
    world.assert_sound()


def test_a_claim_that_an_operator_ended_is_told_so_whatever_became_of_the_task() -> None:
    world = World()
    world.load(plan("a"))
    world.start()
    session = world.session()
    claim = session.claim()
    world.resolve("a", "cancel")
    world.resolve("a", "reopen")
    with pytest.raises(CallsheetError, match="an operator ended the attempt; the task is ready"):
        session.report(claim)


def test_a_lost_attempt_does_not_come_back_over_its_agents_limit() -> None:
    world, claim = lost("a; b", agent_limit=1)
    session = world.session()
    session.claim("ann", task="b")
    assert session.report(claim).lease_seconds == 0
    world.assert_sound()
