"""The same call made twice, by `request_id`: one effect, one answer.

Kept per plan and agent for 7 days. Only answers with an effect are kept: "nothing to do" may
well be different the next time.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.engine.ledger import Ledger
from callsheet.model.errors import CallsheetError
from callsheet.model.outcome import to_answer
from callsheet.store.port import Op
from callsheet.store.sql import requests as sql

KEPT_MS = 7 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Request:
    """One call that may be repeated. `arguments` are what must be the same the second time."""

    id: str | None
    agent: str
    tool: str
    arguments: Mapping[str, Any]

    def digest(self) -> str:
        text = json.dumps(to_answer(dict(self.arguments)), sort_keys=True, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def earlier_answer(request: Request, plan_id: int) -> Op[dict[str, Any] | None]:
    """The answer this request was given before. CONFLICT when the call was another one."""
    if request.id is None:
        return None
    key = {"plan": plan_id, "agent": request.agent, "request": request.id}
    rows = yield sql.FIND, key
    if not rows:
        return None
    [(tool, digest, answer)] = rows
    if (tool, digest) != (request.tool, request.digest()):
        raise CallsheetError(
            "CONFLICT",
            f"The request_id {request.id[:80]!r} was used for another call before.",
            "Use a new request_id for each new call; repeat one only with the same arguments.",
        )
    found: dict[str, Any] = json.loads(answer)
    return found


def forget_answer(request_id: str | None, plan_id: int, agent: str) -> Op[None]:
    """The effect of this request was undone: its repetition is a new call."""
    if request_id is not None:
        yield sql.FORGET_ONE, {"plan": plan_id, "agent": agent, "request": request_id}


def keep_answer(request: Request, plan_id: int, ledger: Ledger, answer: Any) -> Op[None]:
    """Remember the answer, in the transaction that had the effect; forget old ones."""
    if request.id is None:
        return
    yield (
        sql.KEEP,
        {
            "plan": plan_id,
            "agent": request.agent,
            "request": request.id,
            "tool": request.tool,
            "digest": request.digest(),
            "answer": json.dumps(to_answer(answer), separators=(",", ":")),
            "at": ledger.now.wall,
        },
    )
    yield sql.FORGET, {"before": ledger.now.wall - KEPT_MS}
