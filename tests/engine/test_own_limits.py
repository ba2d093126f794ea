"""Limits of attempts, silence and runtime: a task's own come before its run's and the project's."""

from typing import Any

from engine.kit import Session, World, plan

from callsheet.engine.env import Policy


def world_with(task: dict[str, Any], **ask: Any) -> tuple[World, Session]:
    world = World(Policy(max_attempts=3, max_silence_minutes=45, max_runtime_minutes=240))
    world.load(plan("a", a=task))
    world.start(**ask)
    return world, world.session()


def live_for(world: World, session: Session, minutes: float) -> None:
    for _ in range(round(minutes * 2)):
        world.clock.advance(30)
        session.renew()


def test_a_task_is_tried_as_often_as_it_says_itself() -> None:
    _, session = world_with({"max_attempts": 1}, max_attempts=2)
    assert session.fail(session.claim())["state"] == "failed"


def test_a_task_that_says_nothing_is_tried_as_often_as_its_run_says() -> None:
    world, session = world_with({}, max_attempts=2)
    assert session.fail(session.claim())["state"] == "delayed"
    world.clock.advance(600)
    assert session.fail(session.claim())["state"] == "failed"


def test_a_task_is_given_back_after_the_silence_it_allows_itself() -> None:
    world, session = world_with({"max_silence_minutes": 6}, max_silence_minutes=20)
    answer = session.ask()
    assert answer.report_within_minutes == 4
    live_for(world, session, 6)
    world.tidy()
    assert world.state("a") == "ready"


def test_a_report_begins_the_allowed_silence_anew() -> None:
    world, session = world_with({"max_silence_minutes": 6})
    claim = session.claim()
    live_for(world, session, 5)
    session.report(claim)
    live_for(world, session, 5)
    world.tidy()
    assert world.state("a") == "running"


def test_a_run_may_allow_less_runtime_than_the_project() -> None:
    world, session = world_with({}, max_runtime_minutes=10)
    session.claim()
    live_for(world, session, 9.5)
    world.tidy()
    assert world.state("a") == "running"
    live_for(world, session, 0.5)
    world.tidy()
    assert world.state("a") == "ready"


def test_after_a_reboot_a_lost_attempt_has_the_runtime_that_its_run_allows() -> None:
    world, session = world_with({}, max_runtime_minutes=10)
    claim = session.claim()
    world.clock.reboot()
    world.tidy()
    live_for(world, session, 9.5)
    assert session.report(claim).lease_seconds == 60
    live_for(world, session, 0.5)
    world.tidy()
    assert world.state("a") == "ready"


def test_after_a_reboot_a_lost_attempt_has_the_runtime_that_its_task_allows() -> None:
    world, session = world_with({"max_runtime_minutes": 5}, max_runtime_minutes=10)
    claim = session.claim()
    world.clock.reboot()
    world.tidy()
    live_for(world, session, 5)
    assert session.report(claim).lease_seconds == 0
