"""How long to wait before a failed task is tried again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential, with a jitter that keeps tasks which failed together from coming back together."""

    base_seconds: float = 10.0
    factor: float = 2.0
    max_seconds: float = 600.0
    jitter: float = 0.2
    """The delay is spread over ± this share of itself."""

    def delay_seconds(self, failures: int, dice: float) -> float:
        """Seconds until try number `failures + 1`; `dice` is uniform in [0, 1)."""
        exponent = min(failures - 1, 64)  # beyond that any factor above 1 has long met the ceiling
        plain = min(self.base_seconds * self.factor**exponent, self.max_seconds)
        return plain * (1 + self.jitter * (2 * dice - 1))
