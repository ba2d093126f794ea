"""The checker's negative controls: for each promise one tampering that it must notice."""

import inspect
import re

import pytest
from engine.kit import World, plan

from callsheet.engine import check_log, replay
from callsheet.engine.checker import RULES

BUSY = plan(
    "1/a; 1/b; 1/c<-a; 2/d",
    phases="1; 2<-1",
    pools={"db": 1},
    a={"resources": ("src/**", "pool:db")},
    b={"resources": ("docs/**",)},
    c={"requires": ("sql",)},
)


def busy_world() -> World:
    """Two tasks run, one was done by a late holder, one waits."""
    world = World()
    world.load(BUSY)
    world.start(parallel=3)
    world.add("e; f; g", e={"priority": "critical"}, g={"resources": ("src/x.py",)})
    session = world.session()
    session.complete(session.claim(task="e"))
    session.claim(task="a")
    session.claim("bob", task="b")
    assert session.ask("bob", types=("other",)).task.key == "f"
    assert session.nothing("cid").reason == "at_limit"
    world.control(parallel=4)
    assert session.nothing("cid").reason == "resources_busy"
    world.assert_sound()
    return world


TAMPERINGS = {
    "a second live attempt": (
        (
            "INSERT INTO attempt (task_id, n, fence, plan_id, run_id, session_id, agent, secret, "
            "state, started_at, started_mono, seen_at, silence_ms, lease_due, silent_due, runtime_due, due) "
            "SELECT task_id, 2, 9999, plan_id, run_id, session_id, agent, secret, 'live', 0, 0, 0, silence_ms, "
            "lease_due, silent_due, runtime_due, due FROM attempt LIMIT 1"
        ),
        "one live attempt a task, numbers and fences grow",
    ),
    "an attempt number that jumped": (
        "UPDATE task SET attempt = 7 WHERE key = 'a'",
        "one live attempt a task, numbers and fences grow",
    ),
    "a fence of the future": (
        "UPDATE attempt SET fence = 12345 WHERE state = 'live' AND agent = 'ann'",
        "one live attempt a task, numbers and fences grow",
    ),
    "a fence that is not the claim's event": (
        "UPDATE attempt SET fence = 1 WHERE state = 'live' AND agent = 'ann'",
        "fences are event numbers",
    ),
    "a running task that nobody holds": (
        "UPDATE task SET state = 'running' WHERE key = 'd'",
        "one live attempt a task, numbers and fences grow",
    ),
    "an unmet count that drifted": (
        "UPDATE task SET unmet = unmet + 1 WHERE key = 'd'",
        "states follow from dependencies",
    ),
    "a ready task with something unmet": (
        "UPDATE task SET state = 'ready' WHERE key = 'd'",
        "states follow from dependencies",
    ),
    "a milestone that was met too early": (
        "UPDATE task SET state = 'done' WHERE key = 'phase:1'",
        "states follow from dependencies",
    ),
    "a retry that nobody waits for": (
        "UPDATE task SET retry_due = 5 WHERE key = 'd'",
        "fields fit the state",
    ),
    "a waiting task that is parked": (
        "UPDATE task SET parked_on = 'src/**' WHERE key = 'd'",
        "fields fit the state",
    ),
    "a slot that leaked": ("UPDATE run SET running = running + 1", "runs count right"),
    "a task that the run forgot": ("UPDATE run SET remaining = remaining - 1", "runs count right"),
    "a total that drifted": ("UPDATE run SET total = total + 1", "runs count right"),
    "attempts counted twice": ("UPDATE run SET attempts = attempts + 1", "runs count right"),
    "tokens counted twice": ("UPDATE run SET tokens = tokens + 1", "runs count right"),
    "a run that is over and goes on": (
        "UPDATE run SET remaining = 0",
        "runs are in a possible state",
    ),
    "a drained run that drains on": (
        "UPDATE run SET state = 'draining', running = 0",
        "runs are in a possible state",
    ),
    "a pause without its clock": (
        "UPDATE run SET state = 'paused'",
        "runs are in a possible state",
    ),
    "an end without a finish": ("UPDATE run SET ended_at = 1", "runs are in a possible state"),
    "more slots than the limit": ("UPDATE run SET slots = 9", "runs are in a possible state"),
    "a tally that drifted": (
        "UPDATE tally SET n = n + 1 WHERE state = 'running'",
        "tallies count right",
    ),
    "a hold that was never given back": (
        "INSERT INTO held VALUES ('lib/**', (SELECT id FROM task WHERE key = 'd'))",
        "running attempts hold their resources, nobody else does",
    ),
    "a hold that was lost": (
        "DELETE FROM held WHERE resource = 'src/**'",
        "running attempts hold their resources, nobody else does",
    ),
    "two holds that clash": (
        "UPDATE held SET resource = 'src/main.py' WHERE resource = 'docs/**'",
        "holds don't clash",
    ),
    "a pool beyond its capacity": (
        "INSERT INTO held VALUES ('pool:db', (SELECT id FROM task WHERE key = 'b'))",
        "holds don't clash",
    ),
    "a task parked behind nothing": (
        "UPDATE task SET parked_on = 'name:gone' WHERE parked_on IS NOT NULL",
        "parked tasks are woken",
    ),
    "a lease that is due too late": (
        "UPDATE attempt SET due = due + 1 WHERE state = 'live'",
        "leases are due when they should be",
    ),
    "an event of the future": (
        "UPDATE event SET seq = 12345 WHERE kind = 'run_started'",
        "events are in commit order",
    ),
    "an event that was taken out": (
        "DELETE FROM event WHERE kind = 'task_added' AND n = 0",
        "events are in commit order",
    ),
    "a claim before its dependency": (
        (
            "INSERT INTO dep SELECT d.id, a.id, 'stated', 0 FROM task AS a, task AS d "
            "WHERE a.key = 'a' AND d.key = 'd'"
        ),
        "claims wait for dependencies",
    ),
    "a claim before a milestone": (
        (
            "INSERT INTO dep SELECT m.id, a.id, 'inherited', 0 FROM task AS a, task AS m "
            "WHERE a.key = 'f' AND m.key = 'phase:1'"
        ),
        "claims wait for dependencies",
    ),
    "a claim outside the scope": (
        "UPDATE task SET run_id = NULL WHERE key = 'a'",
        "claims stay inside the scope",
    ),
    "a claim without the capability": (
        "UPDATE task SET class_id = (SELECT class_id FROM task WHERE key = 'c') WHERE key = 'a'",
        "agents have the required capabilities",
    ),
    "a claim over the limit": (
        "UPDATE event SET data = json_set(data, '$.parallel', 1) WHERE kind = 'run_started'",
        "the limit is exact",
    ),
    "a claim of a paused run": (
        "UPDATE event SET kind = 'run_paused' WHERE kind = 'completed'",
        "only active runs hand out",
    ),
    "a claim against a held resource": (
        (
            "UPDATE event SET data = json_set(data, '$.resources', '[\"src/x.py\"]') "
            "WHERE kind = 'claimed' AND agent = 'bob'"
        ),
        "running tasks don't clash",
    ),
    "the same attempt handed out twice": (
        "UPDATE event SET attempt = 2 WHERE kind = 'claimed' AND agent = 'bob'",
        "attempt numbers only grow",
    ),
    "a task handed out while it runs": (
        (
            "UPDATE event SET task_id = (SELECT id FROM task WHERE key = 'a'), attempt = 2 "
            "WHERE kind = 'claimed' AND agent = 'bob'"
        ),
        "one live attempt a task",
    ),
    "a completion by another agent": (
        "UPDATE event SET agent = 'eve' WHERE kind = 'completed'",
        "only the holder's claim changes its attempt",
    ),
    "a completion of an attempt that was not running": (
        "UPDATE event SET kind = 'attempt lost', seq = 0 WHERE kind = 'completed'",
        "only running attempts are lost",
    ),
    "a completion that the log knows nothing of": (
        "DELETE FROM event WHERE kind = 'completed'",
        "the tables are what the log says",
    ),
    "a task done without a completion": (
        "UPDATE task SET state = 'done' WHERE key = 'f'",
        "the tables are what the log says",
    ),
    "an attempt that ended without a word": (
        "UPDATE attempt SET state = 'lost' WHERE state = 'live'",
        "the tables are what the log says",
    ),
    "a run whose state the log does not know": (
        "UPDATE run SET state = 'cancelled', ended_at = 1",
        "the tables are what the log says",
    ),
    "an attempt that came back although it was never lost": (
        "UPDATE event SET kind = 'taken back up' WHERE kind = 'claimed' AND agent = 'bob'",
        "superseded attempts stay ended",
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_the_checker_notices(name: str) -> None:
    tampering, rule = TAMPERINGS[name]
    world = busy_world()
    world.sql("PRAGMA ignore_check_constraints = ON")
    world.sql(tampering)
    assert rule in {violation.rule for violation in world.violations()}


def test_every_rule_of_the_checker_has_a_tampering_that_shows_it() -> None:
    sources = inspect.getsource(check_log) + inspect.getsource(replay)
    rules = {name for name, _ in RULES} | set(re.findall(r'wrong\("([^"]+)"', sources))
    rules |= set(re.findall(r'rule = "([^"]+)"', sources))
    assert len(rules) > 20
    assert rules - {rule for _, rule in TAMPERINGS.values()} == {"one accepted completion"}


def test_a_second_completion_in_the_log_is_noticed() -> None:
    world = World()
    world.load(plan("a"))
    world.start()
    session = world.session()
    session.complete(session.claim())
    world.sql(
        "INSERT INTO event SELECT seq + 1, 0, at, kind, plan_id, run_id, task_id, attempt, "
        "session_id, agent, data FROM event WHERE kind = 'completed'"
    )
    world.sql("UPDATE project SET seq = seq + 1")
    found = world.violations()
    assert "one accepted completion" in {violation.rule for violation in found}
    assert any(v.seq == world.value("SELECT seq FROM project") for v in found)


def test_the_violation_names_the_event_that_broke_the_promise() -> None:
    world = busy_world()
    world.sql("UPDATE event SET agent = 'eve' WHERE kind = 'completed'")
    [violation] = world.violations()
    assert violation.seq == world.value("SELECT seq FROM event WHERE kind = 'completed'")
    assert "'eve' used the claim of 'ann'" in violation.what
