"""How large a plan may be: what is beyond is an error that names the task, never cut silently."""

from collections.abc import Sequence

from callsheet.plan.draft import (
    MAX_DEPTH,
    MAX_PLAN_BYTES,
    MAX_TEXT_BYTES,
    Diagnostic,
    TaskDraft,
)
from callsheet.plan.keys import key_problem

MAX_NAMED = 20
"""How many problems one error names; the total is always said."""


def beyond_limits(tasks: Sequence[TaskDraft]) -> list[Diagnostic]:
    """An error for every key, text, nesting and total beyond its limit."""
    found: list[Diagnostic] = []
    parents = {task.key: task.parent for task in tasks if task.parent is not None}
    total = 0
    for task in tasks:
        problem = key_problem(task.key)
        if problem:
            message = f"The key {task.key[:40]!r} {problem}."
            found.append(_error(task, "BAD_KEY", message))
        size = _bytes(task.brief)
        longest = max([size, _bytes(task.title), *map(_bytes, task.acceptance)])
        if longest > MAX_TEXT_BYTES:
            message = f"One of its texts has {longest} bytes; at most {MAX_TEXT_BYTES} are allowed."
            found.append(_error(task, "TOO_LARGE", message))
        total += size + _bytes(task.title) + sum(map(_bytes, task.acceptance))
        if parents and _depth(task.key, parents) > MAX_DEPTH:
            message = f"It is nested deeper than {MAX_DEPTH} levels."
            found.append(_error(task, "TOO_DEEP", message))
    if total > MAX_PLAN_BYTES:
        message = f"The plan's texts have {total} bytes; at most {MAX_PLAN_BYTES} are allowed."
        found.append(Diagnostic("error", "TOO_LARGE", message))
    return found


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _depth(key: str, parents: dict[str, str]) -> int:
    depth = 0
    at: str | None = key
    while at is not None and depth <= MAX_DEPTH:
        at = parents.get(at)
        depth += 1
    return depth - 1 if at is None else depth


def _error(task: TaskDraft, code: str, message: str) -> Diagnostic:
    return Diagnostic("error", code, message, task.file, task.line, task=task.key[:40])
