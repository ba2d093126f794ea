"""Rate limits: the pauses grow, and what they interrupt uses up no budget."""

from engine.kit import World, plan

from callsheet.engine.env import Policy
from callsheet.model.backoff import Backoff

POLICY = Policy(backoff=Backoff(10, 2, 600, 0.0))


def test_the_pauses_after_rate_limits_in_a_row_grow() -> None:
    world = World(POLICY)
    world.load(plan("a"))
    world.start()
    session = world.session()

    def pause(kind: str) -> float:
        answer = session.fail(session.claim(), kind)
        world.clock.advance(answer["retry_after_seconds"])
        return float(answer["retry_after_seconds"])

    assert [pause("rate_limited") for _ in range(4)] == [10, 20, 40, 80]
    assert pause("transient") == 10
    assert [pause("rate_limited") for _ in range(2)] == [10, 20]
    world.assert_sound()


def test_a_rate_limited_attempt_uses_up_no_budget_of_attempts() -> None:
    world = World(POLICY)
    world.load(plan("a"))
    world.start(budgets={"attempts": 2})
    session = world.session()
    for _ in range(3):
        session.fail(session.claim(), "rate_limited", retry_after_seconds=1)
        world.clock.advance(1)
    assert session.fail(session.claim())["state"] == "delayed"
    assert world.value("SELECT attempts FROM run") == 1
    world.assert_sound()
