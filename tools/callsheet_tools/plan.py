"""Plans: taking one in, adding to it."""

from typing import Annotated, Any

from pydantic import Field

from callsheet.engine.board import Board
from callsheet.model.outcome import Loaded
from callsheet.plan.spec import TaskSpec
from callsheet_tools.arguments import Plan, RequestId


async def load_plan(
    board: Board,
    path: Annotated[
        str | None, Field(description="the plan's file or folder; none: search")
    ] = None,
    format: Annotated[str | None, Field(description="claudio or callsheet; none: detect")] = None,
    dry_run: bool = False,
    plan: Annotated[str | None, Field(description="name to load it under")] = None,
) -> Loaded:
    """Load a plan from the project's files, or load it again after an edit: tasks keep their state.
    Read the diagnostics, which name file and line of all that was assumed or not understood. There
    is no plan file? Use add_tasks. Nothing runs before start_run."""
    return await board.load_plan(path, format, dry_run, plan)


async def add_tasks(
    board: Board,
    tasks: Annotated[list[TaskSpec], Field(min_length=1, max_length=1_000)],
    discovered_from: Annotated[str | None, Field(description="task that led to these")] = None,
    plan: Plan = None,
    request_id: RequestId = None,
) -> Any:
    """Add tasks, all or none: to write a plan, or for work you discover beside your own task. Say
    all depends_on; no order is implied."""
    drafts = [task.draft(task.key or "") for task in tasks]
    return await board.add_tasks(drafts, discovered_from, plan, request_id)
