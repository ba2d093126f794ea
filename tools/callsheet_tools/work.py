"""What an executor does: claim a task, report, and end it one way or another."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from callsheet.engine.board import Board
from callsheet.model.outcome import Reported
from callsheet_tools.arguments import (
    Agent,
    Claim,
    CostUsd,
    Handoff,
    Names,
    Note,
    Plan,
    RequestId,
    Tokens,
)


class Artifact(BaseModel):
    """Something the work left behind."""

    model_config = ConfigDict(extra="forbid")
    kind: str = Field(max_length=80)
    path: str = Field(max_length=1_000)
    note: str | None = Field(None, max_length=1_000)

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, given: Any) -> Any:
        """Assistants often give just the path of a file."""
        return {"kind": "file", "path": given} if isinstance(given, str) else given


async def claim_task(
    board: Board,
    agent: Agent = None,
    task: Annotated[str | None, Field(description="a certain one")] = None,
    types: Annotated[Names, Field(description="only these types")] = [],  # noqa: B006
    capabilities: Annotated[Names, Field(description="what you can do")] = [],  # noqa: B006
    wait_seconds: Annotated[float, Field(ge=0, le=20)] = 0,
    request_id: RequestId = None,
    plan: Plan = None,
) -> Any:
    """Get the next task to do, yours alone until you end it with complete_task, fail_task or
    release_task. Read its brief and context, then work. outcome "nothing" says why; obey its next:
    wait (call again with wait_seconds=20), stop, or ask the user."""
    return await board.claim_task(agent, task, types, capabilities, wait_seconds, request_id, plan)


async def report_progress(
    board: Board,
    claim: Claim,
    percent: Annotated[int | None, Field(ge=0, le=100)] = None,
    note: Note = None,
    tokens: Tokens = None,
    cost_usd: CostUsd = None,
) -> Reported:
    """Say how far you are, at least every report_within_minutes of the claim. Obey directive:
    continue; pause = stop editing, report again in some minutes; stop = release_task. STALE_CLAIM =
    the task is no longer yours: drop it."""
    return await board.report_progress(claim, percent, note, tokens, cost_usd)


async def complete_task(
    board: Board,
    claim: Claim,
    summary: Annotated[str, Field(description="what was done, in short", max_length=16_000)],
    artifacts: Annotated[list[Artifact], Field(description="files, commits, links")] = [],  # noqa: B006
    handoff: Handoff = None,
    acceptance: Annotated[Names, Field(description="criteria met")] = [],  # noqa: B006
    tokens: Tokens = None,
    cost_usd: CostUsd = None,
) -> Any:
    """Finish your task once its acceptance criteria are met. Dependents are told your summary and
    handoff. Safe to repeat. Then claim_task again."""
    kept = [item.model_dump(exclude_none=True) for item in artifacts]
    return await board.complete_task(claim, summary, kept, handoff, acceptance, tokens, cost_usd)


async def fail_task(
    board: Board,
    claim: Claim,
    error: Annotated[str, Field(max_length=16_000)],
    kind: Annotated[
        Literal["transient", "permanent", "blocked", "rate_limited"],
        Field(description="retried / hopeless / needs a person / retried, costs no attempt"),
    ] = "transient",
    retry_after_seconds: Annotated[float | None, Field(ge=0, le=86_400)] = None,
    handoff: Handoff = None,
) -> Any:
    """End this attempt because something went wrong. The next one sees error and handoff. Safe to
    repeat. Then claim_task again."""
    return await board.fail_task(claim, error, kind, retry_after_seconds, handoff)


async def release_task(
    board: Board, claim: Claim, reason: Note = None, handoff: Handoff = None
) -> Any:
    """Hand the task back unfinished, because it does not suit you or you must stop; others can have
    it at once."""
    return await board.release_task(claim, reason, handoff)
