"""What operations need from outside: the time, the dice, the rules in force, and who calls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple, Protocol

from callsheet.model.backoff import Backoff
from callsheet.model.handle import ALPHABET, SECRET_CHARS


class Moment(NamedTuple):
    """One instant on both clocks, in milliseconds. `wall` is for people, `mono` for leases."""

    wall: int
    mono: int
    boot: str
    """Names the boot that `mono` counts from: after another one its values mean nothing."""


class Clock(Protocol):
    def now(self) -> Moment: ...


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of the project. Runs and tasks may carry limits of their own."""

    parallel: int = 3
    max_attempts: int = 3
    max_silence_minutes: float = 45.0
    max_runtime_minutes: float = 240.0
    lease_seconds: float = 60.0
    backoff: Backoff = field(default_factory=Backoff)
    type_limits: Mapping[str, int] = field(default_factory=dict)
    agent_limit: int | None = None
    pools: Mapping[str, int] = field(default_factory=dict)
    routes: Mapping[str, str] = field(default_factory=dict)
    enforce_routes: bool = False
    budgets: Mapping[str, float] = field(default_factory=dict)
    releases_in_a_row: int = 5
    decline_minutes: float = 10.0
    starve_minutes: float = 15.0

    @property
    def lease_ms(self) -> int:
        return round(self.lease_seconds * 1000)


class Caller(NamedTuple):
    """Who calls: a label the caller gave itself, and the session the call came through."""

    agent: str
    session_id: int


@dataclass(frozen=True, slots=True)
class Env:
    clock: Clock
    dice: Random
    policy: Policy

    def secret(self) -> str:
        """A new claim secret."""
        return "".join(self.dice.choice(ALPHABET) for _ in range(SECRET_CHARS))
