"""Looking, without changing anything."""

from typing import Annotated, Any, Literal

from pydantic import Field

from callsheet.engine.board import Board
from callsheet.model.outlook import PlanProgress, ReadyList
from callsheet_tools.arguments import Agent, Plan


async def list_ready_tasks(
    board: Board,
    plan: Plan = None,
    phase: str | None = None,
    type: str | None = None,
    limit: Annotated[int, Field(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Field(description="next_cursor of the last answer")] = None,
) -> ReadyList:
    """Show what could be handed out now, best first. You need not choose: claim_task takes the best
    one that suits you."""
    return await board.list_ready_tasks(plan, phase, type, limit, cursor)


async def get_task(
    board: Board,
    task: Annotated[str, Field(description="its key, e.g. 1.2")],
    detail: Literal["concise", "full"] = "concise",
    brief_from: Annotated[int, Field(ge=0, description="brief_next of the last answer")] = 0,
    plan: Plan = None,
) -> dict[str, Any]:
    """Show one task: state, why it is not ready, brief, dependencies, attempts and what they left
    behind. full adds events and longer texts."""
    return await board.get_task(task, detail, plan, brief_from)


async def get_progress(
    board: Board,
    plan: Plan = None,
    agent: Annotated[Agent, Field(description="adds what it holds")] = None,
) -> PlanProgress:
    """Show how far the plan is: totals, phases, what runs, is stuck, comes next. With agent, the
    claims you hold, when you lost track of them."""
    return await board.get_progress(plan, agent)
