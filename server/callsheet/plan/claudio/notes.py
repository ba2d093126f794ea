"""What was assumed or not understood while a tree was read."""

from collections import Counter

from callsheet.plan.draft import Diagnostic, Severity

MAX_ALIKE = 1_000
"""Diagnostics of one kind that are listed; a plan with more has one cause, not a thousand."""


class Notes:
    """Diagnostics in the order in which they came up."""

    def __init__(self) -> None:
        self._listed: list[Diagnostic] = []
        self._counts: Counter[str] = Counter()

    def add(
        self, severity: Severity, code: str, message: str, file: str | None, line: int | None,
        text: str | None = None, task: str | None = None, candidates: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """Add a diagnostic; `text` quotes the source, cut at 300 characters.

        After `MAX_ALIKE` with one code the rest are only counted.
        """
        self._counts[code] += 1
        if self._counts[code] <= MAX_ALIKE:
            quote = text[:300] if text else None
            self._listed.append(
                Diagnostic(severity, code, message, file, line, quote, task, candidates)
            )

    def all(self) -> tuple[Diagnostic, ...]:
        """Every diagnostic, and how many of each kind were left out."""
        more = [
            Diagnostic(
                "warning", "MORE", f"{count - MAX_ALIKE} more diagnostics of the kind {code} are not listed."
            )
            for code, count in self._counts.items()
            if count > MAX_ALIKE
        ]  # fmt: skip
        return (*self._listed, *more)
