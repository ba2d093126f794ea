"""Loading again: what reaches a plan that is loaded already, and what stays of what it said."""

from dataclasses import replace
from typing import Any

import pytest
from engine.kit import World, plan

from callsheet.plan.draft import Diagnostic
from callsheet.sources import understood_as


@pytest.mark.parametrize(
    "change",
    [{"enforce_routes": True, "routes": {"testing": "qa"}}, {"routes": {"testing": "qa"}}],
    ids=["enforce_routes", "routes"],
)
def test_a_changed_setting_reaches_a_plan_whose_text_is_the_same(change: dict[str, object]) -> None:
    world = World()
    text = plan("a; b", a={"type": "testing"})
    world.load(text)
    world.set_policy(**change)
    assert world.load(text).changes.changed_keys == ("a",)
    assert world.task("a")["route"] == "qa"
    assert world.load(text).changes.changed == 0


def test_how_a_source_is_read_is_part_of_its_digest() -> None:
    text = "the digest of the files"
    assert understood_as(text, phases_in_order=True) != understood_as(text, phases_in_order=False)
    assert understood_as(text, phases_in_order=True) == understood_as(text, phases_in_order=True)
    assert understood_as("", phases_in_order=True) == ""


def test_a_task_that_vanished_still_waits_for_what_its_format_implied() -> None:
    world = World()
    world.load(plan("a; b", b={"implied": ("a",)}))
    world.start()
    assert world.load(plan("a")).changes.vanished == ("b",)
    assert world.state("b") == "waiting"
    world.add("c")
    assert world.state("b") == "waiting"
    world.assert_sound()


def test_a_new_member_of_a_container_in_scope_joins_the_run() -> None:
    within: dict[str, Any] = {
        "outer": {"container": True},
        "e": {"container": True, "parent": "outer"},
    }
    members: dict[str, Any] = {"e1": {"parent": "e"}, "e2": {"parent": "e"}}
    world = World()
    world.load(plan("outer; e; e1; x", **within, **members))
    run = world.start(tasks=("outer",)).run
    world.load(plan("outer; e; e1; e2; x; y", **within, **members))
    joined = dict(world.sql("SELECT key, run_id FROM task WHERE kind = 'task'"))
    assert joined == {"e1": run, "e2": run, "x": None, "y": None}
    world.assert_sound()


def test_a_running_task_that_became_a_container_becomes_one_once_it_has_ended() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start()
    session = world.session()
    claim = session.claim(task="a")
    parts = plan("a; a1; b", a={"container": True}, a1={"parent": "a"})
    world.load(parts)
    assert world.value("SELECT kind FROM task WHERE key = 'a'") == "task"
    session.release(claim)
    world.load(parts)
    assert world.value("SELECT kind FROM task WHERE key = 'a'") == "container"
    assert world.load(parts).changes.changed == 0
    world.assert_sound()


@pytest.mark.parametrize("end", ["complete", "fail", "release"])
def test_a_task_that_was_handed_out_may_become_a_container(end: str) -> None:
    world = World()
    world.load(plan("a; b"))
    first = world.start()
    session = world.session()
    claim = session.claim(task="a")
    if end == "fail":
        session.fail(claim, "permanent")
    else:
        getattr(session, end)(claim)
    world.load(plan("a; a1; b", a={"container": True}, a1={"parent": "a"}))
    world.assert_sound()
    world.control("cancel")
    assert world.start().run != first.run
    world.assert_sound()


def test_a_pool_that_the_plan_no_longer_tells_of_is_gone() -> None:
    world = World()
    world.load(plan("a", pools={"db": 3, "gpu": 2}))
    world.load(plan("z", name="other", pools={"licence": 4}))
    world.load(plan("a", pools={"gpu": 1}))
    assert dict(world.sql("SELECT name, capacity FROM pool")) == {"gpu": 1, "licence": 4}
    world.assert_sound()


def test_the_holder_sees_the_brief_it_was_given_while_it_works() -> None:
    world = World()
    world.load(plan("a", a={"brief": "the old way"}))
    world.start()
    session = world.session()
    claim = session.claim()
    assert "brief_changed" not in world.task("a")
    world.load(plan("a", a={"brief": "the old way", "priority": "high"}))
    assert "brief_changed" not in world.task("a")
    world.load(plan("a", a={"brief": "the new way"}))
    shown = world.task("a")
    assert (shown["brief"], shown["brief_changed"]) == ("the old way", True)
    session.release(claim)
    shown = world.task("a")
    assert shown["brief"] == "the new way"
    assert "brief_changed" not in shown


def test_diagnostics_fill_the_answer_as_far_as_it_may_grow_serious_ones_first() -> None:
    found = [Diagnostic("info", "ASSUMED", f"Assumed {n}.", "plan.md", n) for n in range(1, 500)]
    found.append(Diagnostic("warning", "ODD", "Something is odd."))
    text = replace(plan("a"), diagnostics=tuple(found))
    answer = World().load(text)
    assert 20 < len(answer.diagnostics) < 500
    assert answer.diagnostics[0]["code"] == "ODD"
    assert answer.diagnostics_total == 500
    assert len(World().load(text, all_diagnostics=True).diagnostics) == 500
