"""What the engine asks of the rest of the program, beside the store."""

from typing import Protocol

from callsheet.plan.draft import PlanDraft


class PlanReader(Protocol):
    """Reads plan sources from the project's folder."""

    async def read(self, path: str | None, format: str | None, name: str | None) -> PlanDraft:
        """The plan at `path` (relative to the root), or the only one found; references resolved.

        Errors: BAD_PLAN, CYCLE, TOO_LARGE, NOT_ALLOWED; BAD_ARGUMENT when nothing is found, or
        several plans are and none was named: the text lists them.
        """
        ...
