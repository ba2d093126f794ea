"""How tasks and phases are named: the rules for keys, and what people type for them.

`phase1.task2`, `Task 1.2` and `task 1.2` all mean `1.2`. Whoever looks up a task that a person or
an assistant named goes through here, so that every door understands the same names.
"""

import difflib
import re
from collections.abc import Collection, Iterable

from callsheet.plan.draft import MAX_KEY_CHARS

PHASE_PREFIX = "phase:"
_COMPARED = 1_000

_PHASE_TASK = re.compile(r"phase[\s_-]*(\w+)[\s.:/,_-]+task[\s_-]*(\w[\w.]*)\Z", re.IGNORECASE)
_TASK = re.compile(r"task[\s_#:-]*(\d[\w.]*(?:#\d+)?)\Z", re.IGNORECASE)
_PHASE = re.compile(r"phase[\s_:#-]*(\S.*)\Z", re.IGNORECASE)
_FORBIDDEN = re.compile("[\\s@\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def key_problem(key: str) -> str | None:
    """Why `key` can't be a key, as the end of a sentence ("is empty"); None when it can."""
    if not key:
        return "is empty"
    if len(key) > MAX_KEY_CHARS:
        return f"has {len(key)} characters; at most {MAX_KEY_CHARS} are allowed"
    if _FORBIDDEN.search(key):
        return "contains white space, control characters or @, which keys must not"
    if key.casefold().startswith(PHASE_PREFIX):
        return "begins with phase:, which names phases"
    return None


def normal_task(reference: str) -> str:
    """The key that a person means: `phase1.task2`, `Task 1.2` and `1.2` give `1.2`.

    Anything else comes back stripped, so that other keys (`api-1`, `T001`) pass unchanged.
    """
    text = reference.strip().rstrip(".:,;")
    if len(text) > 4 * MAX_KEY_CHARS:
        return text
    found = _PHASE_TASK.match(text)
    if found:
        phase, task = found.groups()
        return task if task.startswith(f"{phase}.") else f"{phase}.{task}"
    found = _TASK.match(text)
    return found[1].rstrip(".") if found else text


def normal_phase(reference: str) -> str:
    """The phase that a person means: `phase:2`, `Phase 2` and `phase2` give `2`; casefolded."""
    text = reference.strip()
    if len(text) > 4 * MAX_KEY_CHARS:
        return text.casefold()
    found = _PHASE.match(text)
    return (found[1] if found else text).strip().casefold()


def closest(name: str, known: Collection[str], count: int = 3) -> tuple[str, ...]:
    """Up to `count` known names that look like `name`, best first. Bounded work for any input."""
    wanted = name[:MAX_KEY_CHARS].casefold()
    by_folded = {other.casefold(): other for other in _near_in_length(wanted, known)}
    found = difflib.get_close_matches(wanted, by_folded, n=count, cutoff=0.6)
    return tuple(by_folded[other] for other in found)


def _near_in_length(wanted: str, known: Iterable[str]) -> list[str]:
    """At most `_COMPARED` names; difflib is too slow for all of a plan of 100,000 tasks."""
    head = wanted[:1]
    near: list[str] = []
    for other in known:
        if abs(len(other) - len(wanted)) <= 3 and other[:1].casefold() == head:
            near.append(other)
            if len(near) == _COMPARED:
                break
    return near or [other for other, _ in zip(known, range(_COMPARED), strict=False)]
