"""When there is nothing to hand out the answer says why, and whether to wait, stop or ask."""

from collections.abc import Callable

import pytest
from engine.kit import Session, World, plan

from callsheet.engine.env import Policy
from callsheet.engine.results import Spent

Case = Callable[[World, Session], None]
from callsheet.model.errors import CallsheetError


def finish(world: World, session: Session) -> None:
    world.start()
    for key in ("a", "b", "c"):
        session.complete(session.claim("old", task=key))


def limit(world: World, session: Session) -> None:
    world.start(parallel=1)
    session.claim("old")


def stuck(world: World, session: Session) -> None:
    world.start()
    session.fail(session.claim("old", task="a"), "permanent")
    session.complete(session.claim("old", task="b"))


def outside(world: World, session: Session) -> None:
    world.start(tasks=("b", "c"))
    session.complete(session.claim("old", task="b"))


def paused(world: World, session: Session) -> None:
    world.start()
    world.control("pause")


def draining(world: World, session: Session) -> None:
    limit(world, session)
    world.control("drain")


def cancelled(world: World, session: Session) -> None:
    world.start()
    world.control("cancel")


def spent(world: World, session: Session) -> None:
    world.start(budgets={"tokens": 5})
    session.complete(session.claim("old"), Spent(tokens=5))


def retrying(world: World, session: Session) -> None:
    world.start()
    session.fail(session.claim("old", task="a"))
    session.complete(session.claim("old", task="b"))


def waiting(world: World, session: Session) -> None:
    world.start(parallel=9)
    session.claim("old", task="a")
    session.claim("old", task="b")


def busy(world: World, session: Session) -> None:
    world.add("x; y", x={"resources": ("src",)}, y={"resources": ("src",)})
    world.start(parallel=9)
    for key in ("a", "b", "x"):
        session.claim("old", task=key)


def unable(world: World, session: Session) -> None:
    world.add("x", x={"requires": ("sql",)})
    world.start(tasks=("x",))


CASES: dict[str, tuple[Case, str, str]] = {
    "nobody started a run": (lambda world, session: None, "no_run", "ask"),
    "the run was cancelled": (cancelled, "no_run", "ask"),
    "the run is finished": (finish, "finished", "stop"),
    "the run is paused": (paused, "paused", "wait"),
    "the run is draining": (draining, "draining", "stop"),
    "all slots are taken": (limit, "at_limit", "wait"),
    "the rest waits for what runs": (waiting, "waiting", "wait"),
    "the rest waits for a retry": (retrying, "waiting", "wait"),
    "resources are held": (busy, "resources_busy", "wait"),
    "nobody asks for what is ready": (unable, "no_capability", "ask"),
    "a budget is spent": (spent, "budget_spent", "ask"),
    "what is left needs somebody": (stuck, "stuck", "ask"),
    "what is left waits outside the scope": (outside, "stuck", "ask"),
}


@pytest.mark.parametrize("name", CASES)
def test_an_agent_is_told_why_there_is_nothing_when(name: str) -> None:
    case, reason, next_ = CASES[name]
    world = World(Policy())
    world.load(plan("a; b; c<-a"))
    session = world.session()
    case(world, session)
    answer = session.nothing("new")
    assert (answer.reason, answer.next) == (reason, next_), answer.why
    assert answer.why.endswith(".")
    assert (answer.retry_after_seconds is not None) == (next_ == "wait")
    if reason == "stuck":
        assert answer.stuck
    again = session.nothing("new")
    assert (again.reason, again.next) == (reason, next_), "asking again changes nothing"
    world.assert_sound()


def test_a_named_task_is_refused_with_the_reason() -> None:
    world = World()
    world.load(plan("a; b; c<-a; d", d={"resources": ("src",)}))
    world.add("e", e={"resources": ("src",)})
    world.start(parallel=9)
    session = world.session()
    session.claim("old", task="a")
    session.claim("old", task="d")
    reasons = {key: session.nothing("new", task=key) for key in ("a", "c", "e")}
    assert "held by 'old'" in reasons["a"].why and reasons["a"].next == "wait"
    assert "waits for a (running)" in reasons["c"].why
    assert reasons["e"].reason == "resources_busy"
    session.complete(session.claim("old", task="b"))
    assert session.nothing("new", task="b").reason == "finished"


def test_what_is_wrong_with_a_name_is_said_before_what_is_wrong_with_the_moment() -> None:
    world = World()
    world.load(plan("a; b<-a"))
    world.start(parallel=1)
    session = world.session()
    session.claim("old")
    assert "waits for a (running)" in session.nothing("new", task="b").why
    with pytest.raises(CallsheetError, match="^UNKNOWN_TASK"):
        session.ask("new", task="9.9")


def test_a_holder_that_asks_for_its_own_task_is_given_the_claim_again() -> None:
    world = World()
    world.load(plan("a"))
    world.start()
    session = world.session()
    claim = session.claim("ann")
    assert claim in session.nothing("ann", task="a").why
    assert claim not in world.session().nothing("ann", task="a").why


def test_nobody_is_told_to_wait_for_itself() -> None:
    world = World()
    world.load(plan("a; b<-a"))
    world.start()
    session = world.session()
    session.claim("ann")
    assert "You hold a yourself" in session.nothing("ann").why
    assert "yourself" not in session.nothing("bob").why


def test_a_named_task_that_cannot_be_had_sends_nobody_home() -> None:
    world = World()
    world.load(plan("a; b; c", c={"requires": ("gpu",)}))
    world.start(parallel=3)
    session = world.session()
    session.complete(session.claim("ann", task="a"))
    for name in ("a", "c"):
        refused = session.nothing("ann", task=name)
        assert refused.next == "wait" and "without task" in refused.why


@pytest.mark.parametrize("how", ["reopened", "added"])
def test_a_finished_run_whose_plan_has_open_tasks_again_asks_for_another_run(how: str) -> None:
    world = World()
    world.load(plan("a"))
    world.start()
    session = world.session()
    session.complete(session.claim())
    if how == "reopened":
        world.resolve("a", "reopen")
    else:
        world.add("b")
    answer = session.nothing()
    assert (answer.reason, answer.next) == ("no_run", "ask")
    assert "1 task is open" in answer.why
    assert "1 task is open" in (world.ready().note or "")


def test_a_finished_run_of_a_part_of_the_plan_sends_agents_home() -> None:
    world = World()
    world.load(plan("1/a; 2/b", phases="1; 2"))
    world.start(phases=("1",))
    session = world.session()
    session.complete(session.claim())
    assert session.nothing().reason == "finished"
    world.resolve("a", "reopen")
    assert session.nothing().reason == "no_run"
