"""Runs: scope, limits, pausing, draining, cancelling, budgets."""

from typing import Any

import pytest
from engine.kit import MINUTE, World, plan

from callsheet.engine.env import Policy
from callsheet.engine.results import Spent
from callsheet.model.errors import CallsheetError


def test_nothing_is_handed_out_before_somebody_starts_a_run() -> None:
    world = World()
    world.load(plan("a"))
    answer = world.session().nothing()
    assert (answer.reason, answer.next) == ("no_run", "ask")


def test_only_tasks_in_scope_are_handed_out() -> None:
    world = World()
    world.load(plan("1/a; 1/b; 2/c; d", phases="1; 2"))
    world.start(phases=("Phase 1",), tasks=("d",))
    session = world.session()
    assert {session.ask().task.key for _ in range(3)} == {"a", "b", "d"}
    assert "outside the scope" in world.session().nothing(task="c").why
    world.assert_sound()


def test_a_scope_lists_what_waits_outside_it_and_brings_nothing_along() -> None:
    world = World()
    world.load(plan("a; b<-a; c"))
    info = world.start(tasks=("b", "c"))
    assert (info.total, info.waits_outside_scope) == (2, ("a",))


def test_include_dependencies_brings_them_along() -> None:
    world = World()
    world.load(plan("1/a; 2/b; 2/c; x", phases="1; 2<-1"))
    assert world.start(tasks=("b",), include_dependencies=True).total == 2
    session = world.session()
    session.complete(session.claim())
    assert session.ask().task.key == "b"


def test_a_scope_in_which_nothing_can_ever_start_is_refused() -> None:
    world = World()
    world.load(plan("a; b<-a"))
    with pytest.raises(CallsheetError, match="^BAD_ARGUMENT.*they wait for a, outside the scope"):
        world.start(tasks=("b",))
    with pytest.raises(CallsheetError, match="^UNKNOWN_TASK"):
        world.start(tasks=("zz",))


def test_naming_a_container_means_what_it_contains() -> None:
    world = World()
    inside = {"parent": "epic"}
    world.load(plan("epic; a; b; c", epic={"container": True}, a=inside, b=inside))
    assert world.start(tasks=("epic",)).total == 2


def test_the_limit_is_exact() -> None:
    world = World()
    world.load(plan("a; b; c; d"))
    world.start(parallel=2)
    session = world.session()
    first = session.claim()
    session.claim()
    assert session.nothing().reason == "at_limit"
    session.complete(first)
    session.claim()
    assert session.nothing().reason == "at_limit"
    world.control(parallel=3)
    session.claim()
    world.assert_sound()


def test_a_rate_limit_lowers_the_slots_and_completions_raise_them_again() -> None:
    world = World()
    world.load(plan("a; b; c; d; e; f; g; h"))
    world.start(parallel=4)
    session = world.session()
    claims = [session.claim() for _ in range(4)]
    answer = session.fail(claims[0], "rate_limited")
    assert (answer["state"], world.value("SELECT slots FROM run")) == ("delayed", 2)
    session.fail(claims[1], "rate_limited")
    assert world.value("SELECT slots FROM run") == 1
    assert world.progress().run.parallel_now == 1
    assert session.nothing().reason == "at_limit"
    session.complete(claims[2])
    session.complete(claims[3])
    assert world.value("SELECT slots FROM run") == 3
    world.assert_sound()


def test_slots_never_rise_above_the_limit() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start(parallel=2)
    session = world.session()
    session.complete(session.claim())
    assert world.value("SELECT slots FROM run") == 2


def test_a_type_has_its_own_limit() -> None:
    kinds: dict[str, Any] = {
        "a": {"type": "testing"},
        "b": {"type": "testing"},
        "c": {"type": "review"},
    }
    world = World(Policy(type_limits={"testing": 1}))
    world.load(plan("a; b; c", **kinds))
    world.start()
    session = world.session()
    session.claim(task="a")
    assert session.nothing(task="b").reason == "at_limit"
    assert session.ask().task.key == "c"
    assert session.nothing().reason == "at_limit"


def test_a_lost_attempt_does_not_come_back_over_its_types_limit() -> None:
    world = World(Policy(type_limits={"testing": 1}))
    world.load(plan("a; b", a={"type": "testing"}, b={"type": "testing"}))
    world.start()
    session = world.session()
    lost = session.claim(task="a")
    world.clock.advance(61)
    session.claim(task="b")
    assert session.report(lost).lease_seconds == 0
    world.assert_sound()


def test_an_agent_has_its_own_limit() -> None:
    world = World(Policy(agent_limit=1))
    world.load(plan("a; b"))
    world.start()
    session = world.session()
    session.claim("ann")
    answer = session.nothing("ann")
    assert answer.reason == "at_limit" and answer.also_holding == ("a",)
    session.claim("bob")


@pytest.mark.parametrize("state", ["paused", "draining"])
def test_a_run_that_is_paused_or_draining_hands_out_nothing(state: str) -> None:
    world = World()
    world.load(plan("a; b"))
    world.start()
    session = world.session()
    claim = session.claim()
    world.control({"paused": "pause", "draining": "drain"}[state])
    answer = session.nothing()
    assert (answer.reason, answer.next) == (state, {"paused": "wait", "draining": "stop"}[state])
    assert session.report(claim).directive == {"paused": "pause", "draining": "continue"}[state]


def test_a_drained_run_is_paused_when_its_last_attempt_ends() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start()
    session = world.session()
    claim = session.claim()
    world.control("drain")
    assert session.complete(claim)["run"] == "paused"
    assert session.nothing().reason == "paused"
    world.control("resume")
    session.claim()
    world.assert_sound()


def test_what_is_completed_after_a_cancel_counts_and_holders_are_told_to_stop() -> None:
    world = World()
    world.load(plan("a; b<-a"))
    world.start()
    session = world.session()
    claim = session.claim()
    world.control("cancel")
    assert session.report(claim).directive == "stop"
    assert session.complete(claim)["newly_ready"] == ["b"]
    assert session.nothing().reason == "no_run"
    world.assert_sound()


def test_a_cancelled_run_goes_on_counting_what_is_left() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start()
    session = world.session()
    claim = session.claim()
    world.control("cancel")
    answer = session.complete(claim)
    assert (answer["progress"]["done"], answer["progress"]["total"]) == (1, 2)
    assert world.progress().run.remaining == 1
    world.resolve("a", "reopen")
    assert world.progress().run.remaining == 2
    world.assert_sound()


def test_a_new_run_waits_for_what_still_runs_in_the_cancelled_one() -> None:
    world = World()
    world.load(plan("a; b<-a"))
    world.start()
    session = world.session()
    claim = session.claim()
    world.control("cancel")
    world.start()
    answer = session.nothing()
    assert (answer.reason, answer.next) == ("waiting", "wait")
    session.complete(claim)
    session.claim()
    world.assert_sound()


def test_a_run_is_finished_when_all_in_its_scope_is_closed() -> None:
    world = World()
    world.load(plan("a; b; c"))
    world.start()
    session = world.session()
    world.resolve("b", "skip")
    world.resolve("c", "cancel")
    assert session.complete(session.claim())["run"] == "finished"
    answer = session.nothing()
    assert (answer.reason, answer.next) == ("finished", "stop")
    assert world.add("d").run == "no_run"
    assert world.progress().run.state == "finished"
    world.assert_sound()


def test_starting_the_same_unfinished_run_again_returns_it_and_another_is_refused() -> None:
    world = World()
    world.load(plan("1/a; b", phases="1"))
    info = world.start()
    assert world.start().run == info.run
    with pytest.raises(CallsheetError, match="^RUN_EXISTS"):
        world.start(phases=("1",))
    world.control("pause")
    with pytest.raises(CallsheetError, match="^RUN_EXISTS"):
        world.start(phases=("1",))
    assert world.start(resume=True).state == "active"


def test_a_limit_that_start_run_changes_is_in_the_log() -> None:
    world = World()
    world.load(plan("a"))
    world.start(parallel=1)
    world.start(parallel=2)
    assert world.value("SELECT count(*) FROM event WHERE kind = 'parallel_set'") == 1
    world.assert_sound()


@pytest.mark.parametrize(
    ("budget", "spent"),
    [("attempts", Spent()), ("tokens", Spent(tokens=1)), ("cost_usd", Spent(cost_usd=1.0))],
)
def test_a_spent_budget_hands_out_nothing_more(budget: str, spent: Spent) -> None:
    world = World()
    world.load(plan("a; b"))
    world.start(budgets={budget: 1})
    session = world.session()
    session.complete(session.claim(), spent)
    answer = session.nothing()
    assert (answer.reason, answer.next) == ("budget_spent", "ask")
    assert budget in answer.why
    world.start(budgets={budget: 5})
    session.claim()


def test_a_budget_of_minutes_counts_what_runs_and_not_the_pauses() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start(budgets={"minutes": 10})
    session = world.session()
    claim = session.claim()
    world.clock.advance(4 * MINUTE)
    session.report(claim)
    world.control("pause")
    world.clock.advance(30)
    session.renew()
    world.clock.advance(20 * MINUTE)
    session.renew()
    world.control("resume")
    session.claim("bob")
    world.clock.advance(7 * MINUTE)
    assert session.ask("cid").reason == "budget_spent"


def test_completing_during_a_pause_does_not_count_the_pause() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start()
    session = world.session()
    claim = session.claim()
    world.clock.advance(4 * MINUTE)
    world.control("pause")
    world.clock.advance(20 * MINUTE)
    session.complete(claim)
    assert world.value("SELECT actual FROM task WHERE key = 'a'") == 4
    assert world.value("SELECT minutes FROM run") == 4


def test_tokens_told_twice_count_once() -> None:
    world = World()
    world.load(plan("a"))
    world.start()
    session = world.session()
    claim = session.claim()
    for _ in range(2):
        session.report(claim, Spent(tokens=100, cost_usd=0.5))
    session.report(claim, Spent(tokens=50))
    session.complete(claim, Spent(tokens=120))
    assert world.progress().run.spent["tokens"] == 120
    world.assert_sound()
