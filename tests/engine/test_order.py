"""What must come first: dependencies, phases, containers, and the order among what is ready."""

import pytest
from engine.kit import World, plan

from callsheet.model.errors import CallsheetError
from callsheet.plan.draft import PlanDraft


def started(draft: PlanDraft, **ask: object) -> World:
    world = World()
    world.load(draft)
    world.start(**{"parallel": 9, **ask})
    return world


def drain(world: World) -> list[str]:
    """Claim and complete one task after the other; the order in which they came."""
    session, order = world.session(), []
    while world.value("SELECT count(*) FROM task WHERE state = 'ready'"):
        claim = session.claim()
        order.append(claim.partition("@")[0])
        session.complete(claim)
        world.assert_sound()
    return order


def test_a_task_is_ready_once_its_last_dependency_is_done() -> None:
    world = started(plan("a; b; c<-a,b"))
    session = world.session()
    assert session.complete(session.claim(task="a"))["newly_ready"] == []
    assert world.state("c") == "waiting"
    assert session.complete(session.claim(task="b"))["newly_ready"] == ["c"]
    assert world.state("c") == "ready"


def test_skipping_a_dependency_meets_it_and_cancelling_does_not() -> None:
    world = started(plan("a; b<-a; c; d<-c"))
    assert world.resolve("a", "skip").newly_ready == ("b",)
    world.resolve("c", "cancel")
    assert world.state("d") == "waiting"
    assert "stuck behind c (cancelled)" in world.task("d")["why_not_ready"]
    world.assert_sound()


def test_a_phase_waits_for_every_task_of_the_one_before() -> None:
    world = started(plan("1/a; 1/b; 2/c; 2/d", phases="1; 2<-1"))
    session = world.session()
    session.complete(session.claim(task="a"))
    assert [world.state(k) for k in ("c", "phase:1")] == ["waiting", "waiting"]
    answer = session.complete(session.claim(task="b"))
    assert answer["newly_ready"] == ["c", "d"]
    assert world.state("phase:1") == "done"
    world.assert_sound()


def test_a_task_can_wait_for_a_whole_phase() -> None:
    world = started(plan("1/a; 1/b; x<-phase:1", phases="1"))
    assert drain(world)[-1] == "x"


def test_an_empty_phase_holds_nobody_up() -> None:
    world = started(plan("1/a; 3/c", phases="1; 2<-1; 3<-2"))
    assert drain(world) == ["a", "c"]
    assert world.state("phase:2") == "done"


def test_milestones_and_containers_are_never_handed_out() -> None:
    world = started(
        plan("1/epic; 1/a; 1/b", phases="1", epic={"container": True}, a={"parent": "epic"})
    )
    assert sorted(drain(world)) == ["a", "b"]
    assert world.state("epic") == "done"
    answer = world.session().nothing(task="epic")
    assert answer.reason in ("finished", "no_run")


def test_naming_a_container_in_a_claim_says_what_it_is() -> None:
    world = started(plan("epic; a", epic={"container": True}, a={"parent": "epic"}))
    assert "epic is a container" in world.session().nothing(task="epic").why


def test_what_a_container_waits_for_binds_all_that_it_contains() -> None:
    world = started(plan("x; epic<-x; a", epic={"container": True}, a={"parent": "epic"}))
    assert world.state("a") == "waiting"
    assert drain(world) == ["x", "a"]


def test_depending_on_a_container_means_all_its_children() -> None:
    inside = {"parent": "epic"}
    world = started(plan("epic; a; b; x<-epic", epic={"container": True}, a=inside, b=inside))
    assert drain(world)[-1] == "x"


def test_containers_nest() -> None:
    world = started(
        plan(
            "top; mid; a; x<-top",
            top={"container": True},
            mid={"container": True, "parent": "top"},
            a={"parent": "mid"},
        )
    )
    assert drain(world) == ["a", "x"]
    assert world.state("top") == "done"


def test_explicit_priority_comes_first_then_the_longer_chain_then_plan_order() -> None:
    world = started(plan("a; b; c; d<-c; e", e={"priority": "critical"}, b={"priority": "low"}))
    assert drain(world) == ["e", "c", "a", "d", "b"]


def test_the_list_of_ready_tasks_has_the_order_of_the_claims() -> None:
    world = started(plan("a; b; c; d<-c; e", e={"priority": "high"}, a={"estimate_minutes": 90}))
    listed = [task.key for task in world.ready().tasks]
    assert listed == drain(world)[: len(listed)]


def test_tasks_of_equal_rank_that_share_a_place_in_the_plan_are_all_offered() -> None:
    world = started(plan("a; b", b={"resources": ("x",)}, a={"resources": ("x",)}))
    world.add("n1; n2")
    world.load(plan("a; b; c; d", b={"resources": ("x",)}, a={"resources": ("x",)}))
    places = world.sql("SELECT ord FROM task WHERE kind = 'task'")
    assert len(set(places)) == len(places)
    session = world.session()
    session.release(session.claim(task="c"))
    session.release(session.claim(task="n1"))
    got = {session.claim().partition("@")[0] for _ in range(3)}
    assert got == {"a", "d", "n2"} or got == {"b", "d", "n2"}


def test_a_cycle_is_refused_by_name_and_nothing_is_changed() -> None:
    world = started(plan("a; b<-a"))
    before = list(world.store.connection.iterdump())
    with pytest.raises(CallsheetError, match=r"^CYCLE: .*a → b → a|^CYCLE: .*b → a → b"):
        world.load(plan("a<-b; b<-a; c"))
    assert list(world.store.connection.iterdump()) == before


def test_an_added_task_that_closes_a_cycle_through_its_phase_adds_nothing() -> None:
    world = started(plan("1/a", phases="1"))
    before = list(world.store.connection.iterdump())
    with pytest.raises(CallsheetError, match="^CYCLE"):
        world.add("1/x<-y; y<-phase:1")
    assert list(world.store.connection.iterdump()) == before


def test_adding_to_a_phase_that_was_met_makes_its_followers_wait_again() -> None:
    world = started(plan("1/a; 2/b; 2/c", phases="1; 2<-1"))
    session = world.session()
    session.complete(session.claim(task="a"))
    running = session.claim(task="b")
    answer = world.add("1/late")
    assert (answer.waiting_again, answer.ready) == (("c",), ("late",))
    assert [world.state(k) for k in ("b", "c", "phase:1")] == ["running", "waiting", "waiting"]
    session.complete(running)
    world.assert_sound()
    session.complete(session.claim())
    assert world.state("c") == "ready"


def test_a_running_task_that_got_a_new_dependency_waits_for_it_when_it_comes_back() -> None:
    world = started(plan("1/a; 2/b", phases="1; 2<-1"))
    session = world.session()
    session.complete(session.claim(task="a"))
    running = session.claim(task="b")
    world.add("1/late")
    assert session.release(running)["state"] == "waiting"
    world.assert_sound()


def test_reopening_a_task_makes_those_behind_it_wait_and_leaves_done_ones_done() -> None:
    world = started(plan("a; b<-a; c<-a; d<-b"))
    session = world.session()
    session.complete(session.claim(task="a"))
    session.complete(session.claim(task="b"))
    answer = world.resolve("a", "reopen")
    assert answer.waiting_again == ("c",)
    assert [world.state(k) for k in "abcd"] == ["ready", "done", "waiting", "ready"]
    world.assert_sound()
