"""What attempts leave to those who come after them."""

from engine.kit import MINUTE, World, plan


def test_dependents_are_given_what_was_left_for_them() -> None:
    world = World()
    world.load(plan("a; b<-a"))
    world.start()
    session = world.session()
    session.complete(
        session.claim(),
        summary="wrote it",
        handoff="mind the gap",
        artifacts=({"kind": "file", "path": "src/a.py"},),
    )
    [handoff] = session.ask().context.handoffs
    assert (handoff.task, handoff.summary, handoff.handoff) == ("a", "wrote it", "mind the gap")
    assert handoff.artifacts == ({"kind": "file", "path": "src/a.py"},)


def test_a_task_that_was_done_twice_hands_over_what_it_left_last() -> None:
    world = World()
    world.load(plan("a; b<-a"))
    world.start()
    session = world.session()
    session.complete(session.claim(), summary="first")
    world.resolve("a", "reopen")
    session.complete(session.claim(), summary="second")
    assert [h.summary for h in session.ask().context.handoffs] == ["second"]


def test_the_next_attempt_is_told_what_the_last_ones_found() -> None:
    world = World()
    world.load(plan("a"))
    world.start()
    session = world.session()
    claim = session.claim("ann")
    session.report(claim, percent=40, note="half way")
    session.fail(claim, error="no network", handoff="try the mirror")
    world.clock.advance(MINUTE)
    [previous] = session.ask("bob").context.previous_attempts
    assert (previous.agent, previous.outcome, previous.percent) == ("ann", "failed", 40)
    assert (previous.error, previous.handoff) == ("no network", "try the mirror")
    assert previous.warning is None


def test_the_next_holder_is_told_what_was_released() -> None:
    world = World()
    world.load(plan("a"))
    world.start()
    session = world.session()
    session.release(session.claim("ann"), "out of context", "tests are written")
    [previous] = session.ask("bob").context.previous_attempts
    assert (previous.outcome, previous.handoff) == ("released", "tests are written")


def test_the_actual_time_stands_beside_the_estimate() -> None:
    world = World()
    world.load(plan("a; b", a={"estimate_minutes": 10}, b={"estimate_minutes": 5}))
    world.start()
    session = world.session()
    claim = session.claim(task="a")
    for _ in range(24):
        world.clock.advance(30)
        session.renew()
    session.complete(claim)
    estimate = world.progress().estimate
    assert (estimate.estimated_minutes, estimate.actual_minutes) == (10, 12)
    assert estimate.remaining_minutes == 5


def test_a_claim_lists_what_the_agent_holds_already() -> None:
    world = World()
    world.load(plan("a; b; c"))
    world.start()
    session = world.session()
    session.claim("ann")
    session.claim("bob")
    assert session.ask("ann").also_holding == ("a",)


def test_what_was_handed_over_in_a_phase_reaches_the_phases_that_wait_for_it() -> None:
    world = World()
    world.load(plan("1/a; 1/b; 2/c; d", phases="1; 2<-1"))
    world.start(parallel=4)
    session = world.session()
    session.complete(session.claim(task="a"), handoff="connections stay on their thread")
    session.complete(session.claim(task="b"), summary="nothing to hand over")
    handed = session.ask(task="c").context.handoffs
    assert [(h.task, h.handoff, h.summary) for h in handed] == [
        ("a", "connections stay on their thread", None)
    ]
    assert session.ask(task="d").context.handoffs == ()


def test_a_direct_dependency_is_handed_over_once_though_its_phase_is_one_too() -> None:
    world = World()
    world.load(plan("1/a; 2/b<-a", phases="1; 2<-1"))
    world.start()
    session = world.session()
    session.complete(session.claim(), handoff="mind the gap")
    assert [h.task for h in session.ask().context.handoffs] == ["a"]


def test_the_next_attempt_is_told_what_kind_of_error_ended_the_last_and_how_many_are_left() -> None:
    world = World()
    world.load(plan("a"))
    world.start()
    session = world.session()
    assert session.ask().task.attempts_left == 2
    [held] = world.progress("ann", session).holds
    session.fail(held.claim, "transient", "503")
    world.clock.advance(60)
    again = session.ask()
    assert again.task.attempts_left == 1
    [previous] = again.context.previous_attempts
    assert (previous.kind, previous.error) == ("transient", "503")
