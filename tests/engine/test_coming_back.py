"""Lost attempts that come back: what they cost, and who may not come back any more."""

from typing import Any

from engine.kit import MINUTE, World, plan

from callsheet.engine.env import Policy


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
