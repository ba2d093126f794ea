"""What running tasks share and must not share: paths, globs, names, pools; parking and waking."""

from collections.abc import Mapping
from typing import Any

import pytest
from engine.kit import MINUTE, Session, World, plan

from callsheet.model.errors import CallsheetError
from callsheet.model.outcome import Nothing


def world_of(*resources: tuple[str, ...], pools: Mapping[str, int] | None = None) -> World:
    """Tasks a, b, c … with these resources, in a run without a limit that matters."""
    names = "abcdefghij"[: len(resources)]
    wants: dict[str, Any] = {
        name: {"resources": r} for name, r in zip(names, resources, strict=True)
    }
    world = World()
    world.load(plan(";".join(names), pools=pools, **wants))
    world.start(parallel=20)
    return world


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("src/a.py", "src/a.py", False),
        ("src/**", "src/a.py", False),
        ("src/*.py", "src/a.*", False),
        ("src", "src/deep/a.py", False),
        ("src/a.py", "src/b.py", True),
        ("src/*.py", "docs/*.py", True),
        ("shared:src/a.py", "shared:src/a.py", True),
        ("shared:src/a.py", "src/**", False),
        ("name:x", "name:x", False),
        ("name:x", "name:X", True),
        ("name:src", "src", True),
        ("shared:name:x", "shared:name:x", True),
        ("pool:db", "pool:db", False),
        ("pool:db", "pool:cache", True),
    ],
)
def test_two_tasks_run_together_only_when_they_do_not_clash(
    first: str, second: str, together: bool
) -> None:
    world = world_of((first,), (second,))
    session = world.session()
    claim = session.claim()
    answer = session.ask()
    assert isinstance(answer, Nothing) != together
    world.assert_sound()
    if not together:
        assert (answer.reason, answer.next) == ("resources_busy", "wait")
        session.complete(claim)
        session.claim()
    world.assert_sound()


def test_a_pool_lets_in_as_many_as_it_has_units() -> None:
    world = world_of(("pool:db",), ("pool:db*2",), ("pool:db",), pools={"db": 3})
    session = world.session()
    claims = [session.claim() for _ in range(2)]
    assert session.nothing().reason == "resources_busy"
    session.complete(claims[0])
    session.claim()
    world.assert_sound()


def test_a_task_that_wants_more_units_than_there_are_gets_all_of_them_alone() -> None:
    world = world_of(("pool:db*9",), ("pool:db",), pools={"db": 2})
    session = world.session()
    claim = session.claim()
    assert session.nothing().reason == "resources_busy"
    session.complete(claim)
    session.claim()


def test_the_settings_overrule_a_pools_capacity() -> None:
    world = world_of(("pool:db",), ("pool:db",), pools={"db": 1})
    world.set_policy(pools={"db": 2})
    session = world.session()
    session.claim()
    session.claim()
    world.assert_sound()


def test_resources_are_kept_apart_across_plans() -> None:
    world = world_of(("src/**",))
    world.load(plan("x", name="other", x={"resources": ("src/a.py",)}))
    world.start(plan="other")
    session = world.session()
    claim = session.claim(plan="main")
    assert session.nothing(plan="other").reason == "resources_busy"
    session.complete(claim)
    session.claim(plan="other")


def test_a_task_that_clashes_is_passed_over_for_the_next_one() -> None:
    world = world_of(("src/**",), ("src/a.py",), ("docs/**",))
    session = world.session()
    assert [session.ask().task.key for _ in range(2)] == ["a", "c"]
    assert world.sql("SELECT key, parked_on FROM task WHERE parked_on IS NOT NULL") == [
        ("b", "src/**")
    ]
    assert "src/**" in world.task("b")["why_not_ready"]


@pytest.mark.parametrize("how", ["complete", "fail", "release", "lost", "skipped", "undone"])
def test_however_a_holder_ends_those_behind_it_are_woken(how: str) -> None:
    world = world_of(("src/**",), ("src/a.py",))
    session = world.session()
    claim = session.claim(task="a")
    assert session.nothing("bob").reason == "resources_busy"
    match how:
        case "complete":
            session.complete(claim)
        case "fail":
            session.fail(claim)
        case "release":
            session.release(claim)
        case "lost":
            world.clock.advance(61)
        case "skipped":
            world.resolve("a", "skip")
        case "undone":
            session.undo(claim)
    session.claim("bob", task="b")
    world.assert_sound()


def test_many_tasks_behind_one_resource_all_get_their_turn() -> None:
    names = [f"t{n}" for n in range(40)]
    world = World()
    wants: dict[str, Any] = {name: {"resources": ("src/**",)} for name in names}
    world.load(plan(";".join(names), **wants))
    world.start(parallel=40)
    session = world.session()
    for _ in names:
        claim = session.claim()
        assert session.nothing("bob").reason in ("resources_busy", "waiting")
        world.assert_sound()
        session.complete(claim)
    assert world.progress().run.state == "finished"


def test_a_wide_glob_that_waited_a_quarter_of_an_hour_keeps_later_ones_off() -> None:
    world = world_of(("src/a.py",), ("src/b.py",), ("src/**",), ("src/c.py",), ("docs/x",))
    session = world.session()
    first, second = session.claim(task="a"), session.claim(task="b")
    assert session.nothing(task="c").reason == "resources_busy"
    session.release(session.claim(task="d"))
    session.release(session.claim(task="e"))
    assert session.ask("bob", task="c").reason == "resources_busy"
    world.assert_sound()
    park(world, session)
    for _ in range(16):
        world.clock.advance(MINUTE)
        session.renew()
    assert session.ask("eve").task.key == "e", "what does not clash goes on"
    assert session.nothing("eve").reason == "resources_busy"
    session.complete(first)
    assert session.nothing("eve").reason == "resources_busy", "one of two obstacles is left"
    world.assert_sound()
    session.complete(second)
    assert session.ask("eve").task.key == "c"
    world.assert_sound()


def park(world: World, session: Session) -> None:
    """Let c, the wide glob, be met by a search while a and b run, and d be declined."""
    world.sql("UPDATE task SET rank = -10000000000000 WHERE key = 'c'")
    claim = session.claim("dan")
    session.release(claim)
    assert world.value("SELECT parked_on FROM task WHERE key = 'c'") is not None


def test_a_starving_task_that_this_agent_cannot_serve_still_keeps_its_place_in_line() -> None:
    world = World()
    world.load(
        plan(
            "a; b; w; s",
            a={"resources": ("src/a",)},
            b={"resources": ("src/b",)},
            w={"resources": ("src/**",), "requires": ("sql",), "priority": "high"},
            s={"resources": ("src/c",)},
        )
    )
    world.start(parallel=9)
    session = world.session()
    first, second = session.claim(task="a"), session.claim(task="b")
    session.release(session.claim("ann", capabilities=("sql",)))
    assert world.value("SELECT parked_on FROM task WHERE key = 'w'") is not None
    for _ in range(16):
        world.clock.advance(MINUTE)
        session.renew()
    session.complete(first)
    assert isinstance(session.ask("bob"), Nothing), "s would clash with w, who is in line"
    session.complete(second)
    assert session.ask("cid", capabilities=("sql",)).task.key == "w"
    world.assert_sound()


def test_a_starving_task_of_a_paused_run_keeps_nobody_off() -> None:
    world = world_of(("src/**",), ("src/a.py",))
    world.load(plan("x; y", name="other", x={"resources": ("src/a.py",)}))
    world.start(plan="other", parallel=9)
    session = world.session()
    claim = session.claim(plan="main")
    assert session.ask("bob", plan="main").reason == "resources_busy"
    for _ in range(16):
        world.clock.advance(MINUTE)
        session.renew()
    session.complete(claim)
    world.control("pause", plan="main")
    assert session.ask("bob", plan="other").task.key == "x"


def test_a_reloaded_task_without_resources_does_not_let_its_old_holder_back_in() -> None:
    world = world_of(("src/**",), ("src/a.py",))
    session = world.session()
    lost = session.claim(task="a")
    world.clock.advance(61)
    session.claim("bob", task="b")
    world.load(plan("a; b", b={"resources": ("src/a.py",)}))
    with pytest.raises(CallsheetError, match="^STALE_CLAIM.*taken its resources"):
        session.report(lost)
    world.assert_sound()


def test_a_pool_that_a_lost_attempt_held_is_looked_at_before_it_comes_back() -> None:
    world = world_of(("pool:db",), ("pool:db",))
    session = world.session()
    lost = session.claim(task="a")
    world.clock.advance(61)
    session.claim("bob", task="b")
    world.load(plan("a; b", b={"resources": ("pool:db",)}))
    assert session.report(lost).lease_seconds == 0
    world.assert_sound()


def test_a_larger_pool_lets_those_in_who_wait_for_it() -> None:
    world = world_of(("pool:db",), ("pool:db",), pools={"db": 1})
    session = world.session()
    session.claim()
    assert session.nothing().reason == "resources_busy"
    same = {"resources": ("pool:db",)}
    world.load(plan("a; b", pools={"db": 2}, a=same, b=same))
    session.claim()
    world.assert_sound()


def test_a_running_task_keeps_what_it_holds_when_its_plan_changes() -> None:
    world = world_of(("src/**",), ("src/a.py",))
    session = world.session()
    claim = session.claim(task="a")
    world.load(plan("a; b", a={"resources": ("docs/**",)}, b={"resources": ("src/a.py",)}))
    world.assert_sound()
    assert session.nothing().reason == "resources_busy"
    session.complete(claim)
    session.claim()
    world.assert_sound()


def starving_world() -> tuple[World, Session, str, str]:
    """w, a wide glob, has waited for a and b for a quarter of an hour; s came later and is free."""
    world = World()
    world.load(
        plan(
            "a; b; w; s; x",
            a={"resources": ("src/a",)},
            b={"resources": ("src/b",)},
            w={"resources": ("src/**",), "requires": ("sql",), "priority": "high"},
            s={"resources": ("src/c",)},
            x={"resources": ("docs/x",)},
        )
    )
    world.start(parallel=9)
    session = world.session()
    first, second = session.claim(task="a"), session.claim(task="b")
    session.release(session.claim("ann", capabilities=("sql",)))
    for _ in range(16):
        world.clock.advance(MINUTE)
        session.renew()
    return world, session, first, second


def test_a_claim_by_name_does_not_jump_the_queue_of_those_who_wait_for_resources() -> None:
    world, session, first, second = starving_world()
    answer = session.ask("bob", task="s")
    assert isinstance(answer, Nothing)
    assert answer.reason == "resources_busy" and "waited longer" in answer.why
    session.complete(first)
    assert isinstance(session.ask("bob", task="s"), Nothing), "one of two obstacles is left"
    assert session.ask("bob", task="x").task.key == "x", "what does not clash goes on"
    session.complete(second)
    answer = session.ask("cid", task="s", capabilities=("sql",))
    assert isinstance(answer, Nothing), "w is free now and goes first"
    assert session.ask("cid", task="w", capabilities=("sql",)).task.key == "w"
    world.assert_sound()


def test_a_task_that_has_waited_long_can_be_claimed_by_its_own_name() -> None:
    _, session, first, second = starving_world()
    session.complete(first)
    answer = session.ask("cid", task="w", capabilities=("sql",))
    assert isinstance(answer, Nothing) and "src/b" in answer.why
    session.complete(second)
    assert session.ask("cid", task="w", capabilities=("sql",)).task.key == "w"
