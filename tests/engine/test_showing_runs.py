"""What lists and progress show while a run is unfinished."""

import pytest
from engine.kit import MINUTE, World, plan


def test_ready_tasks_are_those_of_the_unfinished_run() -> None:
    world = World()
    world.load(plan("1/a; 2/b; 2/c", phases="1; 2"))
    assert world.ready().total == 3
    world.start(phases=("2",))
    listed = world.ready()
    assert ([task.key for task in listed.tasks], listed.total) == (["b", "c"], 2)
    assert world.progress().next_up == ("b", "c")
    world.control("cancel")
    assert world.ready().total == 3


def test_the_minutes_of_a_running_task_stand_still_during_a_pause() -> None:
    world = World()
    world.load(plan("a"))
    world.start()
    session = world.session()
    session.claim()
    world.clock.advance(30)
    session.renew()
    world.control("pause")
    for _ in range(10):
        world.clock.advance(MINUTE / 2)
        session.renew()
    assert world.progress().running[0].minutes == 0.5
    world.control("resume")
    assert world.progress().running[0].minutes == 0.5


def test_the_limits_of_a_run_are_shown_when_it_has_its_own() -> None:
    world = World()
    world.load(plan("a"))
    info = world.start(max_attempts=2, max_silence_minutes=10, max_runtime_minutes=60)
    assert (info.max_attempts, info.max_silence_minutes, info.max_runtime_minutes) == (2, 10, 60)


def test_starting_again_with_other_limits_and_budgets_sets_them_and_says_so_in_the_log() -> None:
    world = World()
    world.load(plan("a"))
    world.start(max_attempts=2, budgets={"tokens": 5})
    info = world.start(max_silence_minutes=6, max_runtime_minutes=30, budgets={"attempts": 7})
    assert (info.max_attempts, info.max_silence_minutes, info.max_runtime_minutes) == (2, 6, 30)
    assert info.budgets == {"tokens": 5, "attempts": 7}
    assert world.session().ask().report_within_minutes == 4
    log = world.sql("SELECT kind, data FROM event WHERE kind LIKE '%_set' ORDER BY seq, n")
    assert log == [
        ("limits_set", '{"limits":{"max_silence":6,"max_runtime":30}}'),
        ("budgets_set", '{"budgets":{"tokens":5,"attempts":7}}'),
    ]
    world.start(max_runtime_minutes=30, budgets={"attempts": 7})
    assert world.value("SELECT count(*) FROM event WHERE kind LIKE '%_set'") == 2
    world.assert_sound()


@pytest.mark.parametrize("action", ["pause", "drain"])
def test_starting_the_same_run_while_it_is_paused_or_draining_returns_it_as_it_is(
    action: str,
) -> None:
    world = World()
    world.load(plan("1/a; 1/b; c", phases="1"))
    info = world.start(phases=("1",))
    world.session().claim()
    world.control(action)
    state = {"pause": "paused", "drain": "draining"}[action]
    again = world.start(phases=("1",))
    assert (again.run, again.state) == (info.run, state)
    assert state in again.note and "resume=true" in again.note
    assert world.start(phases=("1",), resume=True).state == "active"
    world.assert_sound()
