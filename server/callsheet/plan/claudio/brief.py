"""The brief of a task: its describing text without what its fields say already.

Every agent that takes the task pays for its brief. So a line goes when a field holds all that it
says, a heading goes with all that stood under it, and everything else stays as it was written.
"""

from collections.abc import Callable, Mapping, Sequence

from callsheet.plan.claudio.facts import Body, Claim, Value
from callsheet.plan.claudio.gathered import Task, task_key

_BLANK = frozenset({"", "---", "***", "___"})

Holds = Callable[[Claim], bool]


def brief(task: Task, depends_on: Sequence[str], settled: Mapping[Value, Sequence[str]]) -> str:
    """The task's text. `settled` tells which keys a dependency value is fully expressed by."""
    facts, known = task.facts, set(depends_on)

    def holds(claim: Claim) -> bool:
        field, value = claim
        if isinstance(value, Value):
            return value in settled and known.issuperset(settled[value])
        if field == "acceptance":
            return value is facts.acceptance and not facts.ticked
        if field == "number":
            return task_key(str(value), task.phase) == task.key
        if field == "folder":
            return any(folder.name == value and folder.claude for folder in task.folders)
        if field == "paths":
            return isinstance(value, tuple) and facts.paths.keys() >= set(value)
        return bool(field) and getattr(facts, field) == value

    return "\n\n".join(text for body in facts.bodies if (text := _text(body, holds)))


def _text(body: Body, holds: Holds) -> str:
    told = {part for part, claims in body.claims.items() if all(holds(claim) for claim in claims)}
    parts = body.parts
    if told:
        told |= _empty_frames(body, told)
        parts = _without(body, told)
    start, end = 0, len(parts)
    while start < end and parts[start].strip() in _BLANK:
        start += 1
    while start < end and parts[end - 1].strip() in _BLANK:
        end -= 1
    return body.glue.join(parts[start:end])


def _empty_frames(body: Body, told: set[int]) -> set[int]:
    """Headings and labels under which every line goes, inner ones first."""
    gone: set[int] = set()
    for start, end in sorted(body.frames, reverse=True):
        inside = {
            part
            for part in range(start + 1, end)
            if body.parts[part - body.first].strip() not in _BLANK
        }
        if inside and inside <= told | gone:
            gone.add(start)
    return gone


def _without(body: Body, told: set[int]) -> list[str]:
    """The parts that stay; of the blank lines around a gap one side is enough."""
    kept: list[str] = []
    gap = False
    for part, text in enumerate(body.parts, body.first):
        if part in told:
            gap = True
        elif text.strip():
            kept.append(text)
            gap = False
        elif not gap or (kept and kept[-1].strip()):
            kept.append(text)
    return kept
