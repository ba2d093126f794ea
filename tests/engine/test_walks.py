"""Long random walks through the same calls as the state machine's, most of them by busy agents.

Hypothesis looks for short surprising stories; these are long ordinary ones, with many claims,
so that resources, limits and retries come into each other's way. A failing seed is a repro.
"""

import os
from collections import Counter
from random import Random

import pytest
from engine.test_machine import AGENTS, STEPS_MS, Machine

from callsheet.model.states import STATES

WALKS = int(os.environ.get("WALKS", "16"))
STEPS = int(os.environ.get("WALK_STEPS", "150"))
ACTIONS = {
    "somebody_claims": 18,
    "claim": 8,
    "a_holder_calls": 30,
    "a_lost_holder_calls": 8,
    "any_holder_calls": 4,
    "repeat_a_request": 2,
    "undo": 2,
    "advance": 14,
    "renew": 12,
    "tidy": 2,
    "end_session": 2,
    "reboot": 1,
    "control": 2,
    "resume": 6,
    "limit": 1,
    "start_run": 4,
    "resolve": 5,
    "reopen": 12,
    "add_a_task": 1,
    "load_an_edited_plan": 2,
}
HOW = ("complete", "complete", "complete", "fail", "release", "report", "report")
KINDS = ("transient", "rate_limited", "transient", "blocked", "permanent")


class Walk:
    """One walk; its dice decide everything."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.machine = Machine()
        self.machine.begin(seed * 2 + 1, self.dice.randint(1, 4))
        for _ in range(14):
            self.machine.add_a_task(self.pick())
        self.machine.start_run(0)

    def pick(self) -> int:
        return self.dice.randrange(10**6)

    def step(self) -> None:
        machine, dice = self.machine, self.dice
        model, pick = machine.model, self.pick()
        [action] = dice.choices(list(ACTIONS), list(ACTIONS.values()))
        how = dice.choice(HOW)
        arguments = {"kind": dice.choice(KINDS)} if how == "fail" else {}
        live, lost = model.live(), [a for a in model.attempts if a.state == "lost"]
        match action:
            case "claim":
                machine.claim(
                    pick, dice.choice(AGENTS), dice.choice([(), ("testing",)]),
                    dice.random() < 0.7, dice.random() < 0.3, dice.choice([None, "r"]),
                )  # fmt: skip
            case "a_holder_calls" if live:
                machine.call(dice.choice(live), how, arguments, pick)
            case "a_lost_holder_calls" if lost:
                how = dice.choice(("report", "report", "complete", "release"))
                machine.call(dice.choice(lost[-3:]), how, {}, pick)
            case "any_holder_calls" if model.attempts:
                machine.call(dice.choice(model.attempts), how, arguments, pick)
            case "repeat_a_request" if machine.requests:
                machine.claim_again_with_the_same_request_id(pick)
            case "undo" if live:
                machine.undo_a_claim_whose_call_was_cancelled(0)
            case "advance":
                machine.advance(dice.choice((1_000, 20_000, 61_000, *STEPS_MS)))
            case "end_session":
                machine.end_session(pick, dice.random() < 0.5)
            case "reboot" | "tidy":
                getattr(machine, action)()
            case "control":
                machine.control(dice.choice(("pause", "pause", "drain", "drain", "cancel")))
            case "resume" if model.run() is not None:
                machine.control("resume")
            case "limit":
                machine.limit(dice.randint(1, 4))
            case "start_run":
                machine.start_run(pick if dice.random() < 0.3 else 0)
            case "resolve":
                machine.resolve(
                    pick, dice.choice(("retry", "retry", "unblock", "unblock", "skip", "cancel"))
                )
            case "reopen":
                machine.resolve(pick, "reopen")
            case "add_a_task" if len(model.tasks) < 30:
                machine.add_a_task(pick)
            case "somebody_claims" | "renew" | "load_an_edited_plan":
                getattr(machine, action)(pick)
        machine.the_model_agrees()

    def events(self) -> Counter[str]:
        return Counter(dict(self.machine.world.sql("SELECT kind, count(*) FROM event GROUP BY 1")))


def walked(seed: int) -> Walk:
    walk = Walk(seed)
    for _ in range(STEPS):
        walk.step()
    return walk


@pytest.mark.parametrize("seed", range(WALKS))
def test_a_long_walk_agrees_with_the_plain_model(seed: int) -> None:
    walk = walked(seed)
    assert set(walk.machine.world.states().values()) <= set(STATES)


def test_walks_meet_what_they_are_for() -> None:
    met: Counter[str] = Counter()
    for seed in range(6):
        met += walked(seed).events()
    assert met["claimed"] > 50 and met["taken back up"]
    for kind in ("completed", "attempt lost", "released", "retry due", "failed"):
        assert met[kind] > 5, kind


def test_the_same_seed_walks_the_same_way() -> None:
    dumps = [list(walked(1).machine.world.store.connection.iterdump()) for _ in range(2)]
    uid = [line for line in dumps[0] if '"project"' in line]
    assert len(uid) == 1
    assert [line for line in dumps[0] if line not in uid] == [
        line for line in dumps[1] if '"project"' not in line
    ]
