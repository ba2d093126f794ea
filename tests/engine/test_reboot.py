"""After a reboot: monotonic times mean nothing any more, and nobody who held a task still runs."""

from engine.kit import MINUTE, World, plan

from callsheet.engine.env import Policy


def test_a_reboot_gives_every_task_back_at_once_and_costs_no_attempt() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start()
    claims = [world.session().claim() for _ in range(2)]
    world.clock.reboot()
    session = world.session()
    again = session.ask()
    assert again.task.attempt == 2
    assert {again.task.key, session.ask().task.key} == {"a", "b"}
    assert world.value("SELECT max(tries) FROM task") == 1
    assert claims[0] != again.claim
    world.assert_sound()


def test_a_repeated_completion_as_the_first_call_after_a_reboot_keeps_the_counters_right() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start()
    session = world.session()
    done = session.claim()
    answer = session.complete(done)
    session.claim()
    world.clock.reboot()
    assert world.session().complete(done) == answer
    world.assert_sound()


def test_an_undone_claim_as_the_first_call_after_a_reboot_keeps_the_counters_right() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start()
    session = world.session()
    claim = session.claim()
    world.clock.reboot()
    session.undo(claim)
    world.assert_sound()
    assert world.state("a") == "delayed"


def test_loading_as_the_first_call_after_a_reboot_counts_nothing_twice() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start()
    world.session().claim()
    world.clock.reboot()
    world.load(plan("a; b; c"))
    world.assert_sound()


def test_an_operator_after_a_reboot_finds_the_task_as_it_is_now() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start()
    world.session().claim(task="a")
    world.clock.reboot()
    answer = world.resolve("a", "skip")
    assert (answer.was, answer.state) == ("delayed", "skipped")
    world.assert_sound()


def test_the_holder_takes_its_task_back_up_after_a_reboot_even_with_a_single_slot() -> None:
    world = World()
    world.load(plan("a"))
    world.start(parallel=1)
    claim = world.session().claim()
    world.clock.reboot()
    assert world.session().report(claim).lease_seconds == 60
    assert world.state("a") == "running"
    world.assert_sound()


def test_a_task_that_waits_after_a_reboot_does_not_block_its_slot() -> None:
    world = World()
    world.load(plan("a; b"))
    world.start(parallel=1)
    session = world.session()
    claim = session.claim(task="a")
    world.load(plan("a<-b; b"))
    world.clock.reboot()
    assert world.state("a") == "running"
    assert world.session().ask(task="b").task.key == "b"
    assert world.state("a") == "waiting"
    world.assert_sound()
    assert claim.startswith("a@1-")


def test_an_idle_claim_after_a_reboot_still_gives_back_what_was_held() -> None:
    world = World()
    world.load(plan("a", a={"requires": ("sql",)}))
    world.start()
    world.session().claim(capabilities=("sql",))
    world.clock.reboot()
    world.session().nothing()
    assert world.state("a") in ("delayed", "ready")
    assert world.value("SELECT boot FROM project") == "boot-2"
    world.assert_sound()


def test_a_look_without_the_lock_sees_that_the_machine_was_restarted() -> None:
    world = World()
    world.load(plan("a"))
    world.start()
    world.session().claim()
    world.clock.reboot()
    assert world.due()


def test_an_attempt_that_goes_on_after_a_reboot_has_the_whole_runtime_again_but_not_more() -> None:
    world = World(Policy(max_runtime_minutes=60, lease_seconds=10_000))
    world.clock.advance(1_000 * MINUTE)
    world.load(plan("a"))
    world.start()
    claim = world.session().claim()
    world.clock.reboot()
    session = world.session()
    session.report(claim)
    world.clock.advance(30 * MINUTE)
    session.report(claim)
    world.clock.advance(31 * MINUTE)
    world.tidy()
    assert world.state("a") != "running"
