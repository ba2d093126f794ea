"""How each labelled field of a task is read.

A reader says with a `Claim` that the field now holds all that the entry says. The first of several
values counts; a later one makes a claim that won't hold, and so stays in the brief.
"""

import re
from collections.abc import Callable

from callsheet.plan.claudio import values
from callsheet.plan.claudio.facts import Claim, Facts, Value
from callsheet.plan.claudio.fields import Entry
from callsheet.plan.claudio.labels import AGENT, ESTIMATE, STATUS
from callsheet.plan.paths import resources

_NUMBER = re.compile(r"`?(?:task\s*)?(\d+(?:\.\d+)*)\b", re.IGNORECASE)


def _priority(facts: Facts, entry: Entry) -> Claim | None:
    found = values.priority(entry.value)
    if facts.priority is None:
        facts.priority = found
        _note_unknown(facts, entry, found)
    return Claim("priority", found) if values.whole_priority(entry.value) else None


def _estimate(facts: Facts, entry: Entry) -> Claim | None:
    found = values.hours(entry.value)
    if facts.estimate_hours is None:
        facts.estimate_hours = found
    return Claim("estimate_hours", found) if values.whole_hours(entry.value) else None


def _status(facts: Facts, entry: Entry) -> Claim | None:
    found = values.state(entry.value)
    if facts.state is None or (entry.key == "status" and facts.state == "todo"):
        facts.state = found or facts.state
        _note_unknown(facts, entry, found)
    return Claim("state", found) if values.whole_state(entry.value) else None


def _completion(facts: Facts, entry: Entry) -> Claim | None:
    return _status(facts, entry) if "%" in entry.value else None


def _type(facts: Facts, entry: Entry) -> Claim | None:
    found = values.task_type(entry.value)
    facts.type = facts.type or found
    return Claim("type", found) if values.whole_type(entry.value) else None


def _agent(facts: Facts, entry: Entry) -> Claim | None:
    found = values.agent(entry.value)
    facts.route = facts.route or found
    return Claim("route", found) if found else None


def _resources(facts: Facts, entry: Entry) -> Claim | None:
    found = resources(entry.value)
    facts.paths |= dict.fromkeys(found)
    all_taken = len(found) == len(re.split("[,;]", entry.value))
    return Claim("paths", tuple(found)) if all_taken else None


def _folder(facts: Facts, entry: Entry) -> Claim | None:
    if facts.folder is not None:
        return None
    facts.folder = entry.value.strip("` ").strip("/").rsplit("/", 1)[-1]
    return Claim("folder", facts.folder)


def _number(facts: Facts, entry: Entry) -> Claim | None:
    found = _NUMBER.match(entry.value)
    if facts.number is None:
        facts.number = found[1] if found else None
    return (
        Claim("number", found[1])
        if found and found.end() == len(entry.value.rstrip("` "))
        else None
    )


def _optional(facts: Facts, entry: Entry) -> None:
    facts.optional = entry.value.lower().startswith(("yes", "true"))


def _note_unknown(facts: Facts, entry: Entry, found: object) -> None:
    if found is None and values.hours(entry.value) is None:
        facts.unknown.append(Value(entry.raw, facts.file, entry.line + 1))


READERS: dict[str, Callable[[Facts, Entry], Claim | None]] = {
    "priority": _priority,
    **dict.fromkeys(ESTIMATE, _estimate),
    **dict.fromkeys(STATUS, _status),
    "completion": _completion,
    **dict.fromkeys(("type", "task type"), _type),
    **dict.fromkeys(AGENT, _agent),
    **dict.fromkeys(("resources", "resource"), _resources),
    **dict.fromkeys(("directory", "location"), _folder),
    **dict.fromkeys(("id", "task id", "task"), _number),
    "optional": _optional,
}
"""By label. Where a label counts at all is for the caller to decide."""
