"""How attempts end: done, failed, released, undone; retries, and calls made twice."""

from random import Random
from typing import Any

import pytest
from engine.kit import MINUTE, Session, World, plan

from callsheet.engine.env import Policy
from callsheet.engine.results import Failure
from callsheet.model.backoff import Backoff
from callsheet.model.errors import CallsheetError
from callsheet.model.outcome import Nothing


def world_with(spec: str = "a", policy: Policy | None = None, **more: Any) -> tuple[World, Session]:
    world = World(policy)
    world.load(plan(spec, **more))
    world.start(parallel=9)
    return world, world.session()


def test_a_transient_failure_is_tried_again_after_a_while() -> None:
    world, session = world_with()
    answer = session.fail(session.claim())
    assert (answer["state"], answer["attempt"], answer["max_attempts"]) == ("delayed", 1, 3)
    assert 8 <= answer["retry_after_seconds"] <= 12
    waiting = session.nothing()
    assert (waiting.reason, waiting.next) == ("waiting", "wait")
    assert waiting.retry_after_seconds is not None and waiting.retry_after_seconds <= 12
    world.clock.advance(12)
    assert session.ask().task.attempt == 2


def test_the_delay_grows_with_every_failure_up_to_a_ceiling() -> None:
    policy = Policy(max_attempts=20, backoff=Backoff(10, 2, 600, 0.0))
    world, session = world_with(policy=policy)
    delays = []
    for _ in range(9):
        seconds = session.fail(session.claim())["retry_after_seconds"]
        delays.append(seconds)
        world.clock.advance(seconds)
    assert delays == [10, 20, 40, 80, 160, 320, 600, 600, 600]


def test_jitter_comes_from_the_dice_that_were_given() -> None:
    def delay(seed: int) -> float:
        world = World(seed=seed)
        world.load(plan("a"))
        world.start()
        session = world.session()
        return float(session.fail(session.claim())["retry_after_seconds"])

    assert delay(1) == delay(1)
    assert len({delay(seed) for seed in range(10)}) > 5
    assert all(8 <= delay(seed) <= 12 for seed in range(10))
    dice = Random(3).random()
    assert Backoff(10, 2, 600, 0.2).delay_seconds(1, dice) == 10 * (1 + 0.2 * (2 * dice - 1))


def test_the_agent_may_say_when_to_try_again() -> None:
    world, session = world_with()
    answer = session.fail(session.claim(), retry_after_seconds=90)
    assert answer["retry_after_seconds"] == 90
    world.clock.advance(89)
    session.nothing()
    world.clock.advance(1)
    session.claim()


def test_a_poison_task_stops_after_its_attempts_and_says_what_is_stuck_behind_it() -> None:
    world, session = world_with("a; b<-a; c<-b")
    for _ in range(2):
        assert session.fail(session.claim())["state"] == "delayed"
        world.clock.advance(MINUTE)
    answer = session.fail(session.claim(), error="it crashed")
    assert (answer["state"], answer["stuck"]) == ("failed", ["b", "c"])
    nothing = session.nothing()
    assert (nothing.reason, nothing.next) == ("stuck", "ask")
    assert nothing.stuck is not None and nothing.stuck[0].reason == "it crashed"
    world.assert_sound()


def test_attempts_are_counted_at_the_claim_so_that_crashes_count() -> None:
    world, session = world_with()
    for _ in range(3):
        session.claim()
        world.clock.advance(61)
    assert session.nothing().reason == "stuck"
    assert world.state("a") == "failed"
    assert "its lease ran out 3 times" in world.task("a")["why_not_ready"]


def test_a_tasks_own_limit_of_attempts_overrules_the_projects() -> None:
    _world, session = world_with("a", a={"max_attempts": 1})
    assert session.fail(session.claim())["state"] == "failed"


@pytest.mark.parametrize(("kind", "state"), [("permanent", "failed"), ("blocked", "blocked")])
def test_a_failure_that_time_does_not_heal_is_not_tried_again(kind: str, state: str) -> None:
    world, session = world_with("a; b<-a")
    answer = session.fail(session.claim(), kind, "needs a key")
    assert (answer["state"], answer["stuck"]) == (state, ["b"])
    assert "retry_after_seconds" not in answer
    assert world.task("a")["why_not_ready"] == "needs a key"
    world.clock.advance(24 * 60 * MINUTE)
    assert session.nothing().reason == "stuck"
    assert world.resolve("a", "retry" if kind == "permanent" else "unblock").state == "ready"
    session.claim()
    world.assert_sound()


def test_a_rate_limit_uses_up_no_attempt() -> None:
    world, session = world_with()
    for _ in range(10):
        assert session.fail(session.claim(), "rate_limited")["state"] == "delayed"
        world.clock.advance(15 * MINUTE)
    assert world.value("SELECT tries FROM task") == 0
    session.claim()


def test_an_operators_retry_gives_all_attempts_back() -> None:
    world, session = world_with(policy=Policy(max_attempts=1))
    session.fail(session.claim())
    world.resolve("a", "retry")
    world.set_policy(max_attempts=2)
    assert session.fail(session.claim())["state"] == "delayed"


def test_start_run_can_retry_what_failed() -> None:
    world, session = world_with("a; b", policy=Policy(max_attempts=1))
    session.fail(session.claim())
    world.start(retry_failed=True)
    assert world.state("a") == "ready"
    world.assert_sound()


def test_a_released_task_is_not_offered_to_its_releaser_for_ten_minutes() -> None:
    world, session = world_with()
    assert session.release(session.claim("ann"))["state"] == "ready"
    assert session.nothing("ann").reason == "waiting"
    world.clock.advance(10 * MINUTE - 1)
    session.nothing("ann")
    world.clock.advance(1)
    session.claim("ann")


def test_another_agent_or_the_same_label_elsewhere_gets_a_released_task_at_once() -> None:
    _, session = world_with("a; b")
    session.release(session.claim("ann", task="a"))
    session.release(session.claim("ann", task="b"))
    session.claim("bob")
    session.world.session().claim("ann")


def test_the_releaser_gets_it_back_when_it_names_it() -> None:
    _, session = world_with()
    session.release(session.claim())
    session.claim(task="a")


def test_the_fifth_release_in_a_row_blocks_the_task() -> None:
    world, session = world_with()
    for agent in "pqrs":
        assert session.release(session.claim(agent))["state"] == "ready"
    assert session.release(session.claim("t"), "too hard")["state"] == "blocked"
    assert "too hard" in world.task("a")["why_not_ready"]
    assert world.value("SELECT tries FROM task") == 0


def test_releases_count_only_in_a_row() -> None:
    world, session = world_with()
    for agent in "pqrs":
        session.release(session.claim(agent))
    session.fail(session.claim("t"))
    world.clock.advance(MINUTE)
    assert session.release(session.claim("u"))["state"] == "ready"


def test_an_undone_claim_leaves_the_task_as_if_it_had_not_been_handed_out() -> None:
    world, session = world_with("a; b")
    claim = session.claim(task="a")
    session.undo(claim)
    assert world.sql("SELECT state, tries FROM task WHERE key = 'a'") == [("ready", 0)]
    with pytest.raises(CallsheetError, match="^STALE_CLAIM"):
        session.complete(claim)
    again = session.ask(task="a")
    assert again.context.previous_attempts == ()
    world.assert_sound()


def test_a_call_that_was_undone_finds_work_anew_when_it_is_made_again() -> None:
    _world, session = world_with()
    claim = session.claim(request_id="r1")
    session.undo(claim, request_id="r1")
    again = session.claim(request_id="r1")
    assert again != claim
    assert session.complete(again)["state"] == "done"


# --- twice -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["complete", "fail", "release"])
def test_ending_an_attempt_twice_has_one_effect_and_one_answer(ending: str) -> None:
    world, session = world_with("a; b<-a; c")
    claim = session.claim(task="a")
    first = getattr(session, ending)(claim)
    dump = list(world.store.connection.iterdump())
    again = getattr(world.session(), ending)(claim)
    assert again == first
    changed = set(world.store.connection.iterdump()) - set(dump)
    assert all("project" in line or "session" in line for line in changed)
    world.assert_sound()


def test_an_attempt_that_ended_can_not_end_in_another_way() -> None:
    world, session = world_with()
    claim = session.claim()
    session.complete(claim)
    for call in (session.fail, session.release, session.report):
        with pytest.raises(CallsheetError, match="^STALE_CLAIM.*ended as done"):
            call(claim)
    assert world.state("a") == "done"


def test_the_same_request_gets_the_same_claim() -> None:
    world, session = world_with("a; b")
    first = session.ask(request_id="r1")
    again = session.ask(request_id="r1")
    assert again["claim"] == first.claim
    assert world.value("SELECT count(*) FROM attempt") == 1
    assert session.ask(request_id="r2").claim != first.claim


def test_a_request_id_with_other_arguments_is_a_conflict() -> None:
    _, session = world_with("a; b")
    session.ask(request_id="r1")
    with pytest.raises(CallsheetError, match="^CONFLICT"):
        session.ask(request_id="r1", task="b")


def test_request_ids_of_other_agents_are_other_requests() -> None:
    _, session = world_with("a; b")
    assert session.ask("ann", request_id="r").claim != session.ask("bob", request_id="r").claim


def test_an_answer_of_nothing_is_not_kept() -> None:
    world, session = world_with("a", a={"requires": ("sql",)})
    assert isinstance(session.ask(request_id="r1"), Nothing)
    world.add("b")
    assert session.ask(request_id="r1").task.key == "b"


def test_requests_are_kept_for_seven_days() -> None:
    world, session = world_with("a; b; c")
    session.ask(request_id="old")
    world.clock.advance(6 * 24 * 3600)
    assert session.ask(request_id="old")["claim"].startswith("a@")
    world.clock.advance(2 * 24 * 3600)
    session.ask(request_id="new")
    assert world.sql("SELECT request_id FROM request") == [("new",)]


def test_adding_tasks_twice_by_request_id_adds_them_once() -> None:
    world, _ = world_with()
    first = world.add("x", request_id="r1")
    again = world.add("x", request_id="r1")
    assert again["keys"] == list(first.keys)
    with pytest.raises(CallsheetError, match="^CONFLICT"):
        world.add("y", request_id="r1")


# --- who may -----------------------------------------------------------------------------------


def test_a_stale_claim_is_told_who_holds_the_task_now() -> None:
    world, session = world_with()
    old = session.claim("ann")
    world.clock.advance(61)
    session.claim("bob")
    for call in (session.report, session.complete, session.fail, session.release):
        with pytest.raises(CallsheetError, match="^STALE_CLAIM.*'bob' holds the task now") as told:
            call(old)
        assert old.rpartition("-")[2] not in str(told.value), "secrets are not repeated"


def test_a_claim_with_a_wrong_secret_changes_nothing() -> None:
    _world, session = world_with()
    claim = session.claim()
    forged = f"{claim[:-1]}{'x' if claim[-1] != 'x' else 'y'}"
    for call in (session.report, session.complete, session.fail, session.release):
        with pytest.raises(CallsheetError, match="^BAD_ARGUMENT.*never issued"):
            call(forged)
    with pytest.raises(CallsheetError, match="^UNKNOWN_TASK"):
        session.complete("zz@1-aaaaaa")
    with pytest.raises(CallsheetError, match="^BAD_ARGUMENT"):
        session.complete("a")
    assert session.complete(claim)["state"] == "done"


def test_a_late_failure_changes_nothing_and_promises_nothing() -> None:
    world, session = world_with()
    claim = session.claim()
    world.clock.advance(61)
    world.tidy()
    answer = session.fail(claim, "permanent")
    assert answer["state"] == "ready"
    assert "retry_after_seconds" not in answer
    world.assert_sound()


def test_the_failure_of_an_operators_task_is_told_who_decided() -> None:
    world, session = world_with()
    claim = session.claim()
    world.resolve("a", "cancel", "not needed")
    with pytest.raises(
        CallsheetError, match="^STALE_CLAIM.*an operator ended the attempt; the task is c"
    ):
        session.complete(claim)
    assert Failure("x").kind == "transient"


def test_what_agents_declined_long_ago_is_forgotten() -> None:
    world, session = world_with()
    session.release(session.claim("ann"))
    session.release(session.claim("bob"))
    assert world.value("SELECT count(*) FROM declined") == 2
    world.clock.advance(11 * MINUTE)
    session.release(session.claim("cid"))
    assert world.sql("SELECT agent FROM declined") == [("cid",)]
