"""Every call in every order, against a plain model, with the checker run after each step."""

import os
from copy import deepcopy
from dataclasses import replace
from random import Random
from typing import Any

from engine.kit import Session, World
from engine.plain_model import CLOSED, Attempt, Model, Refused, Run, Task
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from callsheet.engine.env import Policy
from callsheet.model.backoff import Backoff
from callsheet.model.errors import CallsheetError
from callsheet.model.outcome import Claimed, Nothing
from callsheet.plan.draft import PhaseDraft, PlanDraft, TaskDraft

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "100"))
STEPS = int(os.environ.get("MACHINE_STEPS", "50"))
POLICY = Policy(
    parallel=3, max_attempts=2, type_limits={"testing": 1}, backoff=Backoff(10, 2, 600, 0.0)
)
AGENTS = ("ann", "bob")
RESOURCES = ("src/**", "src/a.py", "shared:src/b.py", "src/*.py", "name:x", "pool:db")
TYPES = ("development", "testing", "review")
STEPS_MS = (1, 500, 9_999, 10_000, 59_999, 60_000, 61_000, 600_000, 45 * 60_000, 5 * 3_600_000)
PICK = st.integers(0, 10**6)


def random_task(dice: Random, key: str, before: list[str], phase: str | None) -> TaskDraft:
    """A task that depends on earlier ones only, so that no cycle can come about."""
    return TaskDraft(
        key,
        f"Task {key}",
        phase=phase,
        type=dice.choice(TYPES),
        depends_on=tuple(sorted(dice.sample(before, min(len(before), dice.choice((0, 0, 1, 2)))))),
        resources=tuple(sorted(dice.sample(RESOURCES, dice.choice((0, 1, 1, 2))))),
        requires=("db",) if dice.random() < 0.15 else (),
        priority=dice.choice((None, None, "high", "low")),
        state=dice.choice(("todo",) * 12 + ("done", "skipped", "blocked")),
        brief=dice.choice(("one", "two")),
    )


class Machine(RuleBasedStateMachine):
    @initialize(seed=PICK, parallel=st.integers(1, 4))
    def begin(self, seed: int, parallel: int) -> None:
        self.dice = Random(seed)
        self.world = World(replace(POLICY, parallel=parallel), seed)
        self.model = Model(self.world.env.policy, self.world.clock.mono)
        self.sessions = [self.world.session(pid) for pid in (1, 2)]
        self.killed: list[int] = []
        self.answers: dict[str, tuple[str, dict[str, Any], Any]] = {}
        self.requests: dict[str, tuple[Session, dict[str, Any], Any]] = {}
        self.loads = 0
        phases = [PhaseDraft("1", "One")]
        phases += [PhaseDraft("2", "Two", ("1",))] * (seed % 2)
        tasks: list[TaskDraft] = []
        for number in range(self.dice.randint(2, 7)):
            phase = self.dice.choice((None, *(p.key for p in phases)))
            # A later phase waits for this one: what is in it must not wait for that in turn.
            before = [t.key for t in tasks if phase != "1" or t.phase == "1"]
            tasks.append(random_task(self.dice, f"t{number}", before, phase))
        self.load(PlanDraft("main", "test", "plan", "", tuple(phases), tuple(tasks)))
        self.start_run(0)

    def load(self, draft: PlanDraft) -> None:
        self.loads += 1
        self.world.load(replace(draft, digest=str(self.loads)))
        self.model.open()
        self.draft, model = draft, self.model
        model.phases = {phase.key: phase for phase in draft.phases}
        for task in draft.tasks:
            if task.key in model.tasks:
                model.tasks[task.key].draft = task
            else:
                state = {"todo": "waiting"}.get(task.state, task.state)
                model.tasks[task.key] = Task(task, state, self.run_covering(task))
        model.settle()

    def run_covering(self, task: TaskDraft) -> int | None:
        run = self.model.run()
        if run is None:
            return None
        phases, keys = run.scope
        covered = not (phases or keys) or task.phase in phases or task.key in keys
        return len(self.model.runs) - 1 if covered else None

    def session(self, pick: int) -> Session:
        return self.sessions[pick % len(self.sessions)]

    def attempt(self, pick: int) -> Attempt:
        """Any claim ever issued, the newest ones most often."""
        attempts = self.model.attempts
        return attempts[-1 - min(pick % 7, pick % len(attempts))]

    def any_attempt(self) -> bool:
        return bool(self.model.attempts)

    # --- agents --------------------------------------------------------------------------

    @rule(pick=PICK, agent=st.sampled_from(AGENTS), types=st.sampled_from([(), (), TYPES[:1]]),
          able=st.booleans(), named=st.sampled_from([False] * 4 + [True]),
          request=st.sampled_from([None, None, "r"]))  # fmt: skip
    def claim(
        self, pick: int, agent: str, types: tuple[str, ...], able: bool, named: bool,
        request: str | None,
    ) -> None:  # fmt: skip
        session, model = self.session(pick), self.model
        key = list(model.tasks)[pick % len(model.tasks)] if named else None
        capabilities = ("db",) if able else ()
        wish: dict[str, Any] = {"types": types, "capabilities": capabilities, "task": key}
        if request is not None:
            wish["request_id"] = f"r{len(self.requests)}"
        gone, self.killed = tuple(self.killed), []
        starving = self.somebody_starves()
        answer = session.ask(agent, gone, **wish)
        model.open()
        model.sweep(gone)
        reason = model.no_hand_out()
        might = [
            k for k in model.tasks
            if model.may_have(k, agent, session.id, types, capabilities, named)
            and key in (None, k)
        ]  # fmt: skip
        if isinstance(answer, Nothing):
            assert reason in (None, answer.reason, f"{answer.reason}d") or key, (answer, reason)
            assert reason or not might or starving, (answer, might)
            return
        assert isinstance(answer, Claimed)
        assert reason is None and answer.task.key in might, (answer, reason, might)
        assert starving or self.is_first(answer.task.key, might), (answer, might)
        model.hand_out(answer.claim, answer.task.key, agent, session.id)
        if request is not None:
            self.requests[answer.claim] = (session, {"agent": agent, **wish}, answer)

    @rule(pick=PICK)
    def everybody_claims_until_there_is_nothing(self, pick: int) -> None:
        for number in range(6):
            made = len(self.model.attempts)
            self.claim(pick + number, AGENTS[number % 2], (), True, False, None)
            if len(self.model.attempts) == made:
                return

    @rule(pick=PICK)
    def somebody_claims(self, pick: int) -> None:
        self.claim(pick, AGENTS[pick % 2], (), True, False, None)

    @precondition(lambda self: self.model.live())
    @rule(pick=PICK, how=st.sampled_from(["complete", "complete", "fail", "release", "report"]))
    def a_holder_calls(self, pick: int, how: str) -> None:
        live = self.model.live()
        kinds = ("transient", "rate_limited", "blocked", "permanent")
        arguments = {"kind": kinds[pick % 4]} if how == "fail" else {}
        self.call(live[pick % len(live)], how, arguments, pick)

    @precondition(lambda self: any(a.state == "lost" for a in self.model.attempts))
    @rule(pick=PICK, how=st.sampled_from(["complete", "report", "fail", "release"]))
    def a_lost_holder_calls(self, pick: int, how: str) -> None:
        lost = [a for a in self.model.attempts if a.state == "lost"]
        arguments = {"kind": "transient"} if how == "fail" else {}
        self.call(lost[-1 - pick % len(lost)], how, arguments, pick)

    def somebody_starves(self) -> bool:
        since = self.world.clock.mono - 15 * 60_000
        return bool(self.world.sql("SELECT 1 FROM task WHERE parked_mono <= :since", since=since))

    def is_first(self, key: str, might: list[str]) -> bool:
        """Whether no other has a higher priority; the rest of the rank is tested elsewhere."""
        order = {"high": 2, None: 1, "low": 0}
        best = max(order[self.model.tasks[k].draft.priority] for k in might)
        mine = order[self.model.tasks[key].draft.priority]
        return mine == best or len(might) == 1

    @precondition(lambda self: self.requests)
    @rule(pick=PICK)
    def claim_again_with_the_same_request_id(self, pick: int) -> None:
        session, wish, answer = list(self.requests.values())[pick % len(self.requests)]
        again = session.ask(**wish)
        assert again["claim"] == answer.claim
        self.model.step += 1

    def call(self, attempt: Attempt, kind: str, arguments: dict[str, Any], pick: int) -> None:
        """Make a call with a claim; the model must agree with what comes of it."""
        session, model = self.session(pick), self.model
        earlier = self.answers.get(attempt.claim)
        before = deepcopy(model)
        at = before.attempts.index(before.attempts[model.attempts.index(attempt)])
        try:
            answer = getattr(session, kind)(attempt.claim, **arguments)
        except CallsheetError as error:
            assert error.code == "STALE_CLAIM", error
            answer = None
        if earlier is not None and earlier[0] == kind:
            assert answer == earlier[2]
            model.open()
            return
        try:
            model.open()
            if kind == "report":
                back = model.report(attempt, session.id)
                assert answer is not None and (answer.lease_seconds > 0) == back, (answer, back)
            elif kind == "complete":
                model.complete(attempt)
            elif kind == "fail":
                seconds = 0 if answer is None else answer.get("retry_after_seconds", 0)
                model.fail(attempt, arguments["kind"], model.now + round(seconds * 1000))
            else:
                model.release(attempt, session.id)
            model.settle()
            assert answer is not None, (kind, attempt)
            if kind != "report":
                self.answers[attempt.claim] = (kind, arguments, answer)
        except Refused:
            assert answer is None, (kind, attempt, answer)
            self.model = before  # a refused call writes nothing, so it notices no reboot either
            assert self.model.attempts[at].claim == attempt.claim

    @precondition(any_attempt)
    @rule(pick=PICK)
    def report(self, pick: int) -> None:
        self.call(self.attempt(pick), "report", {"percent": pick % 101}, pick)

    @precondition(any_attempt)
    @rule(pick=PICK)
    def complete(self, pick: int) -> None:
        self.call(self.attempt(pick), "complete", {}, pick)

    @precondition(any_attempt)
    @rule(
        pick=PICK,
        kind=st.sampled_from(["transient", "transient", "permanent", "blocked", "rate_limited"]),
    )
    def fail(self, pick: int, kind: str) -> None:
        self.call(self.attempt(pick), "fail", {"kind": kind}, pick)

    @precondition(any_attempt)
    @rule(pick=PICK)
    def release(self, pick: int) -> None:
        self.call(self.attempt(pick), "release", {}, pick)

    @precondition(any_attempt)
    @rule(pick=PICK)
    def undo_a_claim_whose_call_was_cancelled(self, pick: int) -> None:
        attempt = self.attempt(pick)
        self.session(pick).undo(attempt.claim, attempt.agent)
        self.model.open()
        if attempt.state == "live":
            task = self.model.tasks[attempt.key]
            attempt.state, task.state, task.tries = "undone", "ready", max(0, task.tries - 1)
            self.model.settle()

    # --- time and sessions ---------------------------------------------------------------

    @rule(step=st.sampled_from(STEPS_MS))
    def advance(self, step: int) -> None:
        self.world.clock.advance(step / 1000)
        self.model.now = self.world.clock.mono

    @rule()
    def tidy(self) -> None:
        self.world.tidy()
        self.model.open()
        self.model.sweep()

    @rule(pick=PICK)
    def renew(self, pick: int) -> None:
        session = self.session(pick)
        session.renew()
        for attempt in self.model.live():
            if attempt.session == session.id and not self.model.rebooted:
                attempt.lease = self.model.now + self.model.policy.lease_ms

    @rule(pick=PICK, clean=st.booleans())
    def end_session(self, pick: int, clean: bool) -> None:
        session = self.session(pick)
        if clean:
            session.end()
            self.model.ended.add(session.id)
        else:
            self.killed.append(session.id)
        self.sessions.remove(session)
        self.sessions.append(self.world.session())

    @rule()
    def reboot(self) -> None:
        self.world.clock.reboot()
        self.model.now, self.model.rebooted = self.world.clock.mono, True

    # --- operators -----------------------------------------------------------------------

    @rule(action=st.sampled_from(["pause", "resume", "resume", "drain", "cancel"]))
    def control(self, action: str) -> None:
        if self.model.run() is None:
            self.refused("NO_RUN", lambda: self.world.control(action))
            return
        self.world.control(action)
        self.model.open()
        if self.model.run() is not None:
            self.model.control(action)
        self.model.settle()

    @rule(parallel=st.integers(1, 4))
    def limit(self, parallel: int) -> None:
        run = self.model.run()
        if run is not None:
            self.world.control(parallel=parallel)
            self.model.open()
            run.parallel = run.slots = parallel

    @rule(pick=PICK)
    def start_run(self, pick: int) -> None:
        model = self.model
        scopes = [
            ((), ()),
            ((), ()),
            (("1",), ()),
            ((), (list(model.tasks)[pick % len(model.tasks)],)),
        ]
        phases, keys = scopes[pick % 4]
        run = model.run()
        resume = pick % 3 == 0
        ask = {"phases": phases, "tasks": keys, "resume": resume}
        if run is not None:
            again = run.scope == (phases, keys) or (resume and not (phases or keys))
            if not again:
                self.refused("RUN_EXISTS", lambda: self.world.start(**ask))
                return
            self.world.start(**ask)
            model.open()
            if resume:
                model.resume(run)
            return
        chosen = [
            t for t in model.tasks.values()
            if not (phases or keys) or t.draft.phase in phases or t.draft.key in keys
        ]  # fmt: skip
        try:
            self.world.start(**ask)
        except CallsheetError as error:
            assert error.code == "BAD_ARGUMENT"
            assert not any(t.state in ("ready", "running", "delayed") for t in chosen)
            return
        model.open()
        parallel = model.policy.parallel
        model.runs.append(Run("active", parallel, parallel, (phases, keys)))
        for task in chosen:
            task.run = len(model.runs) - 1
        model.settle()

    @rule(pick=PICK, action=st.sampled_from(["retry", "unblock", "skip", "cancel", "reopen"]))
    def resolve(self, pick: int, action: str) -> None:
        model = self.model
        keys = list(model.tasks)
        if action == "reopen":  # else it is mostly refused
            keys = [k for k in keys if model.tasks[k].state in CLOSED] or keys
        key = keys[pick % len(keys)]
        after = deepcopy(model)
        after.open()
        task = after.tasks[key]
        target = {"skip": "skipped", "cancel": "cancelled"}.get(action)
        allowed = {
            "retry": task.state in ("failed", "blocked", "delayed"),
            "unblock": task.state == "blocked",
            "skip": task.state not in CLOSED,
            "cancel": task.state not in CLOSED,
            "reopen": task.state in CLOSED,
        }[action]
        if task.state != target and not allowed:
            self.refused("NOT_ALLOWED", lambda: self.world.resolve(key, action))
            return
        self.world.resolve(key, action)
        if task.state != target:
            after.resolve(task, action)
        after.settle()
        self.model = after

    def refused(self, code: str, call: Any) -> None:
        try:
            answer = call()
        except CallsheetError as error:
            assert error.code == code, error
        else:
            raise AssertionError(f"{answer} instead of {code}")

    # --- the plan changes ----------------------------------------------------------------

    @precondition(lambda self: len(self.model.tasks) < 12)
    @rule(seed=PICK)
    def add_a_task(self, seed: int) -> None:
        dice, model = Random(seed), self.model
        key = f"n{len(model.tasks)}"
        phase = dice.choice((None, None, *model.phases))
        before = [k for k, t in model.tasks.items() if phase != "1" or t.draft.phase == "1"]
        before = [k for k in before if not self.waits_for_phase(k, phase)]
        draft = replace(random_task(dice, key, before, phase), state="todo")
        answer = self.world.add_drafts([draft])
        model.open()
        model.tasks[key] = Task(draft, run=self.run_covering(draft), added=True)
        model.settle()
        assert answer.keys == (key,)

    def waits_for_phase(self, key: str, phase: str | None) -> bool:
        """Whether the task waits, however far, for a phase that a new one would be part of."""
        task = self.model.tasks[key]
        own = self.model.phases.get(task.draft.phase or "")
        if phase is not None and own is not None and phase in own.depends_on:
            return True
        return any(self.waits_for_phase(need, phase) for need in task.draft.depends_on)

    @rule(seed=PICK)
    def load_an_edited_plan(self, seed: int) -> None:
        dice, kept = Random(seed), list(self.draft.tasks)
        at = dice.randrange(len(kept))
        before = [t.key for t in kept[:at] if kept[at].phase != "1" or t.phase == "1"]
        before = [k for k in before if k.startswith("t")]
        edited = random_task(dice, kept[at].key, before, kept[at].phase)
        kept[at] = replace(edited, state=kept[at].state)
        if len(kept) > 2 and dice.random() < 0.3:
            gone = kept[dice.randrange(len(kept))].key
            if all(gone not in t.depends_on for t in kept):
                kept = [t for t in kept if t.key != gone]
        self.load(replace(self.draft, tasks=tuple(kept)))

    # --- after every step ----------------------------------------------------------------

    @invariant()
    def the_model_agrees(self) -> None:
        if not hasattr(self, "model"):
            return
        self.world.assert_sound()
        told = {k: s for k, s in self.world.states().items() if not k.startswith("phase:")}
        assert told == {k: t.state for k, t in self.model.tasks.items()}
        runs = self.world.sql("SELECT state, slots FROM run ORDER BY id")
        assert runs == [(r.state, r.slots) for r in self.model.runs]


Machine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    database=None,
    phases=(Phase.generate, Phase.shrink),
)
TestTheEngineDoesWhatThePlainModelDoes = Machine.TestCase
