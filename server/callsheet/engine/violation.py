"""One broken promise, as the checker reports it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """`rule` names the invariant, `what` tells what is wrong, `seq` is the event that broke it."""

    rule: str
    what: str
    seq: int | None = None
