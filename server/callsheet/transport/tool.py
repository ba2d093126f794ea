"""An engine call as an MCP tool: strict arguments, one compact answer, errors that say what next.

The SDK's own `Tool.run` would drop unknown arguments silently and put a prefix before each error,
so it is overridden here; the argument model and the schema are still the SDK's.
"""

import json
import logging
import os
from collections.abc import Callable
from inspect import cleandoc
from typing import Any, Protocol

os.environ.setdefault("PYDANTIC_ERRORS_INCLUDE_URL", "0")

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools.base import Tool
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import ValidationError

from callsheet.engine.board import Board
from callsheet.model.errors import CallsheetError
from callsheet.model.outcome import to_answer
from callsheet.plan.keys import closest
from callsheet.transport.schema import compact_schema

logger = logging.getLogger(__name__)
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Desk(Protocol):
    """Where the tools get their board: the lifespan's context."""

    async def board(self) -> Board:
        """The board, opened when it is first needed. Errors: STORE_*; the next call tries again."""
        ...

    async def status_page(self) -> str:
        """Every plan's status, as the page that is written to the status file."""
        ...


class BoardTool(Tool):
    """A function whose first parameter is the board; the others are the tool's arguments."""

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:
        """Validate, call, answer. Refusals are `ToolError`s with their code in front."""
        try:
            given = self.fn_metadata.validate_arguments(arguments)
        except ValidationError as error:
            raise ToolError(_bad_argument(self.name, error, self.parameters)) from None
        desk: Desk = context.request_context.lifespan_context
        try:
            outcome = await self.fn(await desk.board(), **given)
        except CallsheetError as refusal:
            raise ToolError(str(refusal)) from None
        except Exception as fault:  # ours: its text may tell of this machine, so it goes to the log
            logger.exception("%s failed", self.name)
            raise ToolError(str(_internal(self.name, fault))) from None
        return answered(outcome)


def answered(outcome: Any) -> CallToolResult:
    """The same facts as text and as data: clients show one, the other, or both."""
    answer = to_answer(outcome)
    text = _COMPACT.encode(answer)
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=answer)


def board_tool(
    function: Callable[..., Any], *, reads: bool, destroys: bool, always: bool
) -> BoardTool:
    """The tool of a function. `always`: clients that search for tools load it from the start."""
    tool = BoardTool.from_function(
        function,
        description=" ".join(cleandoc(function.__doc__ or "").split()),
        context_kwarg="board",
        structured_output=False,
        annotations=_hints(reads, destroys),
        meta={"anthropic/alwaysLoad": True} if always else None,
    )
    assert isinstance(tool, BoardTool)
    model = tool.fn_metadata.arg_model
    model.model_config["extra"] = "forbid"
    model.model_rebuild(force=True)
    tool.parameters = compact_schema(tool.parameters)
    return tool


def _hints(reads: bool, destroys: bool) -> ToolAnnotations:
    """Only what differs from the protocol's defaults: each costs every agent context."""
    if reads:
        return ToolAnnotations(read_only_hint=True)
    return ToolAnnotations(destructive_hint=None if destroys else False)


def _bad_argument(tool: str, error: ValidationError, schema: dict[str, Any]) -> str:
    known = list(schema["properties"])
    problems, misnamed = [], False
    for found in error.errors(include_url=False)[:5]:
        place = ".".join(str(part) for part in found["loc"])[:80]
        if found["type"] == "extra_forbidden" and len(found["loc"]) == 1:
            near = closest(place, known, 1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            problems.append(f"there is no argument {place!r}{meant}")
            misnamed = True
        elif found["type"] == "missing":
            problems.append(f"{place} is missing")
            misnamed = True
        else:
            problems.append(f"{place}: {found['msg']}")
    with_these = f" with the arguments {', '.join(known)}" if misnamed else ""
    return f"BAD_ARGUMENT: {tool}: {'; '.join(problems)}. Nothing was done; call again{with_these}."


def _internal(tool: str, fault: Exception) -> CallsheetError:
    return CallsheetError(
        "INTERNAL",
        f"callsheet itself failed in {tool} ({type(fault).__name__}); your arguments are not the "
        "cause.",
        "Try once more; if it fails again, tell the user to restart the callsheet server and to "
        "look into its log.",
    )
