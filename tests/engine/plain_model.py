"""What the engine should do, in plain Python: slow, without SQL, indexes or counters.

Everything that follows from something else (who waits, what is met, when a run is over) is
computed anew from scratch after every step.
"""

from dataclasses import dataclass, field

from callsheet.engine.env import Policy
from callsheet.model import resource as res
from callsheet.plan.draft import PhaseDraft, TaskDraft

MET = ("done", "skipped")
CLOSED = ("done", "skipped", "cancelled")


@dataclass
class Task:
    draft: TaskDraft
    state: str = "waiting"
    run: int | None = None
    tries: int = 0
    releases: int = 0
    retry_due: int = 0
    last: "Attempt | None" = None
    added: bool = False


@dataclass
class Attempt:
    key: str
    claim: str
    agent: str
    session: int
    run: int
    resources: tuple[res.Resource, ...]
    begun: int
    lease: int
    silent: int
    runtime: int
    state: str = "live"
    lost: int = 0
    """Step at which the lease was lost."""
    counted: bool = True


@dataclass
class Run:
    state: str
    parallel: int
    slots: int
    scope: tuple[tuple[str, ...], tuple[str, ...]]
    paused: int = 0


class Refused(Exception):
    """The call must be refused as STALE_CLAIM."""


@dataclass
class Model:
    policy: Policy
    now: int
    tasks: dict[str, Task] = field(default_factory=dict)
    phases: dict[str, PhaseDraft] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    declined: dict[tuple[int, str, str], int] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    step: int = 0
    rebooted: bool = False

    # --- what follows ----------------------------------------------------------------------

    def run(self) -> Run | None:
        open_ = [r for r in self.runs if r.state in ("active", "paused", "draining")]
        return open_[0] if open_ else None

    def live(self, run: int | None = None) -> list[Attempt]:
        return [a for a in self.attempts if a.state == "live" and run in (None, a.run)]

    def held(self, but: str = "") -> list[res.Resource]:
        return [r for a in self.live() if a.key != but for r in a.resources]

    def phase_met(self, key: str) -> bool:
        members = [t for t in self.tasks.values() if t.draft.phase == key]
        return all(t.state in MET for t in members) and all(
            self.phase_met(other) for other in self.phases[key].depends_on
        )

    def is_unmet(self, task: Task) -> bool:
        for need in task.draft.depends_on:
            if need.startswith("phase:"):
                if not self.phase_met(need.removeprefix("phase:")):
                    return True
            elif self.tasks[need].state not in MET:
                return True
        phase = self.phases.get(task.draft.phase or "")
        return phase is not None and not all(map(self.phase_met, phase.depends_on))

    def settle(self) -> None:
        """Bring everything derived in step."""
        for task in self.tasks.values():
            unmet = self.is_unmet(task)
            if task.state == "waiting" and not unmet:
                task.state = "ready"
            elif task.state in ("ready", "delayed") and unmet:
                task.state = "waiting"
        for number, run in enumerate(self.runs):
            if run.state not in ("active", "paused", "draining"):
                continue
            if all(t.state in CLOSED for t in self.tasks.values() if t.run == number):
                run.state = "finished"
            elif run.state == "draining" and not self.live(number):
                run.state, run.paused = "paused", self.now

    # --- time ------------------------------------------------------------------------------

    def open(self) -> None:
        """What every write does first: a reboot is noticed."""
        self.step += 1
        if not self.rebooted:
            return
        self.rebooted = False
        self.declined.clear()
        for run in self.runs:
            run.paused = self.now
        for task in self.tasks.values():
            task.retry_due = self.now
        for attempt in self.attempts:
            attempt.runtime = self.now + round(self.policy.max_runtime_minutes * 60_000)
        for attempt in self.live():
            self.lose(attempt, counts=False)
        self.settle()

    def sweep(self, gone: tuple[int, ...] = ()) -> None:
        for attempt in self.live():
            if attempt.session in gone:
                self.lose(attempt, counts=True)
            elif self.due(attempt) <= self.now:
                clean = attempt.lease <= self.now and attempt.session in self.ended
                self.lose(attempt, counts=not clean)
        self.settle()
        for task in self.tasks.values():
            if task.state == "delayed" and task.retry_due <= self.now:
                task.state = "ready"
        self.settle()

    def due(self, attempt: Attempt) -> int:
        if self.runs[attempt.run].state == "paused":
            return attempt.lease
        return min(attempt.lease, attempt.silent, attempt.runtime)

    def lose(self, attempt: Attempt, counts: bool) -> None:
        task = self.tasks[attempt.key]
        attempt.state, attempt.lost, attempt.counted = "lost", self.step, counts
        task.tries = task.tries if counts else max(0, task.tries - 1)
        task.releases, task.retry_due = 0, self.now
        used_up = counts and task.tries >= self.policy.max_attempts
        task.state = "failed" if used_up else "delayed"

    # --- handing out -----------------------------------------------------------------------

    def obstructed(self, resources: tuple[res.Resource, ...], but: str = "") -> bool:
        return res.obstacle(resources, self.held(but), self.policy.pools) is not None

    def type_is_full(self, kind: str | None) -> bool:
        limit = self.policy.type_limits.get(kind or "other")
        running = [a for a in self.live() if self.tasks[a.key].draft.type == kind]
        return limit is not None and len(running) >= limit

    def may_have(
        self, key: str, agent: str, session: int, types: tuple[str, ...],
        capabilities: tuple[str, ...], named: bool,
    ) -> bool:  # fmt: skip
        """Whether this task could be handed out now, the run being open."""
        task = self.tasks[key]
        declined = self.declined.get((session, agent, key), -1) > self.now
        return (
            task.state == "ready"
            and task.run == len(self.runs) - 1
            and (named or not types or task.draft.type in types)
            and set(task.draft.requires) <= set(capabilities)
            and not self.type_is_full(task.draft.type)
            and (named or not declined)
            and not self.obstructed(wanted(task.draft))
        )

    def no_hand_out(self) -> str | None:
        """Why nothing is handed out at all."""
        run = self.run()
        if run is None:
            over = self.runs and self.runs[-1].state == "finished" and not self.open_again()
            return "finished" if over else "no_run"
        if run.state != "active":
            return run.state
        return "at_limit" if len(self.live(len(self.runs) - 1)) >= run.slots else None

    def open_again(self) -> bool:
        """Whether the last run would have to do something now, had it not finished."""
        phases, keys = self.runs[-1].scope
        return any(
            task.state not in CLOSED
            and (
                not (phases or keys) or task.run == len(self.runs) - 1 or task.draft.phase in phases
            )
            for task in self.tasks.values()
        )

    def hand_out(self, claim: str, key: str, agent: str, session: int) -> Attempt:
        task, policy = self.tasks[key], self.policy
        attempt = Attempt(
            key, claim, agent, session, len(self.runs) - 1, wanted(task.draft), self.step,
            self.now + policy.lease_ms, self.now + round(policy.max_silence_minutes * 60_000), self.now + round(policy.max_runtime_minutes * 60_000),
        )  # fmt: skip
        self.attempts.append(attempt)
        task.state, task.last, task.tries = "running", attempt, task.tries + 1
        return attempt

    # --- the holder's calls ----------------------------------------------------------------

    def accept(self, attempt: Attempt) -> None:
        """Raises when the claim no longer counts."""
        task = self.tasks[attempt.key]
        if attempt.state == "live":
            return
        late = attempt.state == "lost" and task.last is attempt
        if not late or task.state not in ("ready", "delayed") or self.taken_since(attempt):
            raise Refused

    def taken_since(self, attempt: Attempt) -> bool:
        return any(
            other.begun >= attempt.lost and res.clash(mine, theirs)
            for other in self.attempts
            if other.key != attempt.key
            for mine in attempt.resources
            for theirs in other.resources
        )

    def can_come_back(self, attempt: Attempt) -> bool:
        run = self.runs[attempt.run]
        return (
            attempt.runtime > self.now
            and run.state in ("active", "draining")
            and len(self.live(attempt.run)) < run.slots
            and not self.type_is_full(self.tasks[attempt.key].draft.type)
            and not self.obstructed(attempt.resources, attempt.key)
        )

    def report(self, attempt: Attempt, session: int) -> bool:
        """False when it counts, but could not be taken back up."""
        self.accept(attempt)
        task, run = self.tasks[attempt.key], self.runs[attempt.run]
        if attempt.state != "live":
            if not self.can_come_back(attempt):
                return False
            task.state, attempt.state = "running", "live"
            task.tries = max(1, task.tries + (not attempt.counted))
        attempt.session = session
        attempt.lease = self.now + self.policy.lease_ms
        stands = run.paused if run.state == "paused" else self.now
        attempt.silent = stands + round(self.policy.max_silence_minutes * 60_000)
        return True

    def complete(self, attempt: Attempt) -> None:
        self.accept(attempt)
        run = self.runs[attempt.run]
        run.slots = min(run.parallel, run.slots + 1)
        self.tasks[attempt.key].state, attempt.state = "done", "done"
        self.tasks[attempt.key].releases = 0

    def fail(self, attempt: Attempt, kind: str, due: int) -> None:
        self.accept(attempt)
        task, run, was = self.tasks[attempt.key], self.runs[attempt.run], attempt.state
        attempt.state = "failed"
        if kind == "rate_limited":
            run.slots = max(1, run.slots // 2)
        if was != "live":
            return
        task.releases = 0
        if kind == "rate_limited":
            task.tries = max(0, task.tries - 1)
        used_up = kind == "transient" and task.tries >= self.policy.max_attempts
        if kind == "permanent" or used_up:
            task.state = "failed"
        elif kind == "blocked":
            task.state = "blocked"
        else:
            task.state, task.retry_due = "delayed", due

    def release(self, attempt: Attempt, session: int) -> None:
        self.accept(attempt)
        task, was = self.tasks[attempt.key], attempt.state
        attempt.state = "released"
        until = self.now + round(self.policy.decline_minutes * 60_000)
        self.declined[session, attempt.agent, attempt.key] = until
        if was == "live":
            task.tries, task.releases = max(0, task.tries - 1), task.releases + 1
            task.state = "blocked" if task.releases >= self.policy.releases_in_a_row else "ready"

    # --- operators -------------------------------------------------------------------------

    def resolve(self, task: Task, action: str) -> None:
        """The caller has checked that the state allows it."""
        if task.last is not None and task.last.state in ("live", "lost"):
            task.last.state = "closed"
        if action in ("skip", "cancel"):
            task.state = "skipped" if action == "skip" else "cancelled"
        else:
            task.state, task.tries = "waiting", 0
        task.releases = 0

    def control(self, action: str) -> None:
        run = self.run()
        assert run is not None
        if action == "resume" or (action == "cancel" and run.state == "paused"):
            self.resume(run)
        if action == "cancel":
            run.state = "cancelled"
        idle = not self.live(len(self.runs) - 1)
        pauses = action == "pause" or (action == "drain" and (idle or run.state == "paused"))
        if pauses and run.state != "paused":
            run.state, run.paused = "paused", self.now
        elif action == "drain" and not pauses:
            run.state = "draining"

    def resume(self, run: Run) -> None:
        if run.state == "paused":
            for attempt in self.attempts:
                if attempt.run != len(self.runs) - 1 or attempt.state not in ("live", "lost"):
                    continue
                attempt.silent += self.now - run.paused
                attempt.runtime += self.now - run.paused
        run.state = "active"


def wanted(draft: TaskDraft) -> tuple[res.Resource, ...]:
    return tuple(res.parse(text) for text in draft.resources)
