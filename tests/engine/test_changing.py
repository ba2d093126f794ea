"""A plan that changes while it runs: loading again, adding, vanishing, and all or nothing."""

import pytest
from engine.kit import World, plan

from callsheet.engine.env import Policy
from callsheet.model.errors import CallsheetError
from callsheet.plan.draft import TaskDraft


def test_unchanged_tasks_keep_their_state() -> None:
    world = World()
    world.load(plan("a; b; c; d<-c"))
    world.start(parallel=9)
    session = world.session()
    session.complete(session.claim(task="a"))
    session.fail(session.claim(task="b"), "blocked")
    running = session.claim(task="c")
    answer = world.load(plan("a; b; c; d<-c; e"))
    assert (answer.changes.added_keys, answer.changes.unchanged) == (("e",), 4)
    states = {"a": "done", "b": "blocked", "c": "running", "d": "waiting", "e": "ready"}
    assert world.states() == states
    session.complete(running)
    world.assert_sound()


def test_loading_the_same_text_again_writes_nothing() -> None:
    world = World()
    world.load(plan("a; b"))
    before = list(world.store.connection.iterdump())
    answer = world.load(plan("a; b"))
    assert (answer.changes.unchanged, answer.changes.added) == (2, 0)
    assert list(world.store.connection.iterdump()) == before


def test_a_dry_run_tells_the_changes_and_makes_none() -> None:
    world = World()
    world.load(plan("a; b"))
    before = list(world.store.connection.iterdump())
    answer = world.load(plan("a; c<-a"), dry_run=True)
    assert (answer.changes.added_keys, answer.changes.vanished) == (("c",), ("b",))
    assert list(world.store.connection.iterdump()) == before


def test_a_done_task_stays_done_when_its_text_changes() -> None:
    world = World()
    world.load(plan("a"))
    world.start()
    session = world.session()
    session.complete(session.claim())
    answer = world.load(plan("a", a={"brief": "more to do"}))
    assert answer.changes.changed_keys == ("a",)
    assert world.state("a") == "done"


def test_a_running_task_keeps_the_brief_it_was_claimed_with() -> None:
    world = World()
    world.load(plan("a", a={"brief": "the old way"}))
    world.start()
    session = world.session()
    claim = session.claim()
    world.load(plan("a", a={"brief": "the new way"}))
    assert world.value("SELECT brief FROM attempt") == "the old way"
    session.release(claim)
    assert session.ask("bob").task.brief == "the new way"


def test_a_task_that_vanished_is_reported_and_left_to_the_operator() -> None:
    world = World()
    world.load(plan("a; b; c<-b"))
    world.start()
    answer = world.load(plan("a; c"))
    assert answer.changes.vanished == ("b",)
    assert "vanished" in answer.next
    assert world.state("b") == "ready"
    again = world.load(plan("a; b; c<-b"))
    assert again.changes.vanished == ()
    assert world.value("SELECT sum(vanished) FROM task") == 0
    world.assert_sound()


def test_the_sources_word_counts_only_for_tasks_that_are_new() -> None:
    world = World()
    world.load(plan("a; b; c; d", b={"state": "done"}, c={"state": "skipped"}))
    assert world.states() == {"a": "ready", "b": "done", "c": "skipped", "d": "ready"}
    world.load(plan("a; b; c; d; e", a={"state": "done"}, d={"state": "blocked"}))
    assert world.states()["a"] == world.states()["d"] == "ready"


def test_a_new_dependency_makes_a_ready_task_wait() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start()
    world.load(plan("a; b<-a"))
    assert world.state("b") == "waiting"
    world.load(plan("a; b"))
    assert world.state("b") == "ready"
    world.assert_sound()


def test_a_delayed_task_that_has_to_wait_again_forgets_its_retry() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start()
    session = world.session()
    session.fail(session.claim(task="b"))
    world.load(plan("a; b<-a"))
    assert world.state("b") == "waiting"
    world.assert_sound()
    session.complete(session.claim(task="a"))
    assert world.state("b") == "ready"


def test_added_tasks_survive_a_reload_with_their_dependencies() -> None:
    world = World()
    world.load(plan("a; b"))
    world.add("x<-a; y<-x")
    answer = world.load(plan("a; b; c"))
    assert answer.changes.vanished == ()
    assert [world.state(k) for k in "xy"] == ["waiting", "waiting"]
    world.assert_sound()


def test_added_tasks_join_the_run_whose_scope_covers_them() -> None:
    world = World()
    world.load(plan("1/a; 2/b", phases="1; 2"))
    world.start(phases=("1",))
    assert world.add("1/x").run == "joined"
    assert world.add("2/y").run == "outside_scope"
    assert world.progress().run.total == 2
    world.assert_sound()


def test_added_tasks_without_a_key_get_one() -> None:
    world = World()
    world.load(plan("a"))
    answer = world.add_drafts([TaskDraft("", "First"), TaskDraft("t2", "Second")])
    assert answer.keys == ("t1", "t2")


def test_adding_creates_the_plan_main_and_the_phases_that_it_names() -> None:
    world = World()
    answer = world.add("Setup/a; b")
    assert (answer.plan, answer.phases_added) == ("main", ("setup",))
    world.assert_sound()


@pytest.mark.parametrize(
    ("spec", "code"), [("a", "CONFLICT"), ("A", "CONFLICT"), ("x<-nowhere", "BAD_ARGUMENT")]
)
def test_a_wrong_task_among_those_added_refuses_all(spec: str, code: str) -> None:
    world = World()
    world.load(plan("a; b"))
    before = list(world.store.connection.iterdump())
    with pytest.raises(CallsheetError, match=f"^{code}"):
        world.add(f"good; {spec}")
    assert list(world.store.connection.iterdump()) == before


def test_an_unknown_dependency_is_answered_with_the_closest_name() -> None:
    world = World()
    world.load(plan("build-api; b"))
    with pytest.raises(CallsheetError, match="Did you mean build-api"):
        world.add("x<-build-apy")


def test_a_container_that_becomes_a_task_joins_the_run_that_covers_it() -> None:
    world = World()
    world.load(plan("a; b", a={"container": True}))
    world.start()
    world.load(plan("a; b"))
    session = world.session()
    assert {session.ask().task.key for _ in range(2)} == {"a", "b"}
    world.assert_sound()


def test_capabilities_must_be_listed_to_claim_what_requires_them() -> None:
    world = World()
    world.load(plan("a; b", a={"requires": ("sql", "gpu")}, b={"type": "review"}))
    world.start()
    session = world.session()
    assert session.nothing(types=("testing",)).reason == "no_capability"
    assert session.ask("ann", capabilities=("sql",)).task.key == "b"
    assert "gpu" in session.nothing("bob", task="a", capabilities=("sql",)).why
    assert session.nothing("bob", capabilities=("sql",)).reason == "no_capability"
    session.claim("bob", capabilities=("gpu", "sql", "more"))
    world.assert_sound()


def test_a_route_is_advice_unless_the_setting_enforces_it() -> None:
    routes = {"documentation": "documentation-coordinator"}
    for enforced in (False, True):
        world = World(Policy(routes=routes, enforce_routes=enforced))
        world.load(plan("a", a={"type": "documentation"}))
        world.start()
        session = world.session()
        if enforced:
            assert session.nothing().reason == "no_capability"
        able = session.ask(capabilities=("documentation-coordinator",))
        assert able.task.route == "documentation-coordinator"
