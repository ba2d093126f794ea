"""Running a plan: start it, steer it, settle what got stuck."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from callsheet.engine.board import Board
from callsheet.model.outcome import Resolved
from callsheet.model.outlook import DryRun, RunInfo
from callsheet_tools.arguments import Names, Note, Plan


class Budgets(BaseModel):
    """Hand out nothing more once one is spent."""

    model_config = ConfigDict(extra="forbid")
    attempts: int | None = Field(None, ge=1, le=10**9)
    minutes: float | None = Field(None, gt=0, le=1e9)
    tokens: int | None = Field(None, ge=1, le=10**15)
    cost_usd: float | None = Field(None, gt=0, le=1e9)


async def start_run(
    board: Board,
    plan: Plan = None,
    phases: Annotated[Names, Field(description="only these phases")] = [],  # noqa: B006
    tasks: Annotated[Names, Field(description="only these tasks: 1.2 or phase1.task2")] = [],  # noqa: B006
    parallel: Annotated[
        int | None, Field(ge=1, le=1_000, description="tasks at the same time; default 3")
    ] = None,
    resume: bool = False,
    retry_failed: bool = False,
    budgets: Budgets | None = None,
    dry_run: bool = False,
    include_dependencies: bool = False,
) -> RunInfo | DryRun:
    """Start handing out the plan's tasks. Only when the user asked for it. dry_run shows the waves
    in which tasks would come. resume goes on with a paused run. Then agents call claim_task."""
    return await board.start_run(
        plan=plan,
        phases=phases,
        tasks=tasks,
        parallel=parallel,
        resume=resume,
        retry_failed=retry_failed,
        budgets=budgets.model_dump(exclude_none=True) if budgets else None,
        dry_run=dry_run,
        include_dependencies=include_dependencies,
    )


async def control_run(
    board: Board,
    action: Literal["pause", "resume", "drain", "cancel"] | None = None,
    parallel: Annotated[int | None, Field(ge=1, le=1_000)] = None,
    plan: Plan = None,
) -> RunInfo:
    """Steer the unfinished run. pause: hand out nothing, holders keep what they have; resume; drain:
    let running tasks end, then pause; cancel: end the run. Or set parallel, its limit."""
    return await board.control_run(action, parallel, plan)


async def resolve_task(
    board: Board,
    task: str,
    action: Literal["retry", "unblock", "skip", "cancel", "reopen"],
    reason: Note = None,
    plan: Plan = None,
) -> Resolved:
    """Decide for the user about a task: retry a failed one, unblock a blocked one, skip (dependents
    go on), cancel (they stay stuck), reopen a closed one. Ask the user first."""
    return await board.resolve_task(task, action, reason, plan)
