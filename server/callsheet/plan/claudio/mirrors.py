"""What other files say about tasks: plan files, phase pages, task folders.

They only fill what tasks.md leaves open, and only where their title agrees with it: real trees hold
pages of earlier plans beside the current one.
"""

import difflib
import re
from collections.abc import Iterable, Iterator

from callsheet.plan.claudio import values
from callsheet.plan.claudio.facts import Facts, Value
from callsheet.plan.claudio.fields import entries, normal
from callsheet.plan.claudio.gathered import Phase, Task, task_key
from callsheet.plan.claudio.labels import DEPENDS
from callsheet.plan.claudio.reading import read_section
from callsheet.plan.claudio.sections import Section, clean_title, rows
from callsheet.plan.draft import SourceState
from callsheet.plan.outline import Outline

_ITEM = re.compile(r"\W*task\s*#?(\d{1,6}(?:\.\d{1,6})*)\b[\s:.\-–—\]*]*(.*)\Z", re.IGNORECASE)
_DEPENDENT = re.compile(
    r"\b(?:dependent|depends|waiting|waits|blocked)\s+(?:up)?(?:on|for|by)\s+(.*)", re.IGNORECASE
)
_PAGE_TITLE = re.compile(
    r"(?:sub-?)?task(?:\s+status)?\s*:?\s*(?:(\d{1,6}(?:\.\d{1,6})*)\s*)?(?:status\s*)?[:.–—-]?\s*(.*)\Z",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\w]+")
ALIKE = 0.85
"""The share of equal characters from which two titles name the same task."""
MAX_TWINS = 5
"""Tasks of one key with which a mention is compared; a key is used twice by mistake, not often."""


def agree(one: str, other: str) -> bool:
    """Whether two titles name the same task: equal words, one the start of the other, or nearly."""
    a, b = (_WORDS.sub(" ", text.lower()).strip() for text in (one[:200], other[:200]))
    if not a or not b:
        return False
    short, long = sorted((a, b), key=len)
    if a == b or (len(short) >= 8 and long.startswith(short)):
        return True
    found = difflib.SequenceMatcher(None, a, b, autojunk=False)
    return all(
        ratio() >= ALIKE for ratio in (found.real_quick_ratio, found.quick_ratio, found.ratio)
    )


def fill(facts: Facts, mirror: Facts) -> None:
    """Take over what `facts` leaves open. Reverse edges are always added."""
    if facts.depends is None:
        facts.depends = mirror.depends
    facts.blocks += mirror.blocks
    for name in ("estimate_hours", "priority", "type", "route", "folder"):
        if getattr(facts, name) is None:
            setattr(facts, name, getattr(mirror, name))
    if not facts.acceptance:
        facts.acceptance, facts.ticked = mirror.acceptance, mirror.ticked
    facts.paths = facts.paths or mirror.paths
    facts.bodies = facts.bodies or mirror.bodies
    facts.optional |= mirror.optional


def page(outline: Outline, file: str) -> Facts:
    """A task folder's claude.md or status.md: the whole file speaks of one task."""
    first = outline.headings[0] if outline.headings else None
    facts = Facts("", file, first.line + 1 if first else 1)
    read_section(facts, outline, first.line + 1 if first else 0, len(outline.lines))
    found = _PAGE_TITLE.match(clean_title(first.text.lstrip("#✅📁 "))) if first else None
    if found:
        facts.number = found[1] or facts.number
        facts.title = clean_title(found[2])
    elif first:
        facts.title = clean_title(first.text)
    return facts


def match(phase: Phase, said: Iterable[Facts], items: bool = False) -> int:
    """Fill the phase's tasks from what another page says; returns how many titles agreed.

    `items` are mentions in passing: they may be titled by a state alone, and bring no text.
    """
    by_key: dict[str, list[Task]] = {}
    for task in phase.tasks:
        by_key.setdefault(task.key, []).append(task)
    agreed = 0
    for facts in said:
        for task in by_key.get(task_key(facts.number or "", phase.key), [])[:MAX_TWINS]:
            if agree(task.facts.title, facts.title) or (items and state_only(facts)):
                agreed += 1
                _take(task, facts, items)
                break
    return agreed


def _take(task: Task, facts: Facts, item: bool) -> None:
    if task.from_row and facts.bodies and not facts.bodies[0].is_row:
        task.facts.bodies = task.facts.bodies + facts.bodies
        task.from_row = False
    elif item:
        facts.bodies = []
    fill(task.facts, facts)
    task.item_state = task.item_state or facts.state


def phase_page(outline: Outline, file: str, inside: Iterable[Section]) -> list[Facts]:
    """What a phase's claude.md or phase_status.md says about its tasks, its task sections first."""
    found = [section.facts for section in inside]
    known = {facts.number for facts in found}
    found += [
        facts for facts in rows(outline, file, 0, len(outline.lines)) if facts.number not in known
    ]
    found += _items(outline, file)
    return found


def _items(outline: Outline, file: str) -> Iterator[Facts]:
    """Tasks as list items, with their state told by the heading: `### Completed ✓`."""
    facts, indent = None, 0
    for entry in entries(outline, 0, len(outline.lines)):
        found = _ITEM.match(entry.raw) if entry.item else None
        if found:
            if facts:
                yield facts
            facts, indent = (
                Facts(_item_title(entry.key, found[2]), file, entry.line + 1, found[1]),
                entry.indent,
            )
            facts.state = _group_state(entry.heading) or _own_state(found[2])
            dependent = _DEPENDENT.search(found[2])
            if dependent:
                facts.depends = [Value(dependent[1], file, entry.line + 1)]
        elif facts and (entry.indent <= indent or not entry.item):
            yield facts
            facts = None
        elif facts and entry.key in DEPENDS and entry.value:
            facts.depends = [Value(entry.value, file, entry.line + 1)]
        elif facts and entry.key == "priority":
            facts.priority = values.priority(entry.value)
        elif facts and entry.key in ("effort", "estimate", "duration", "estimated effort"):
            facts.estimate_hours = values.hours(entry.value)
    if facts:
        yield facts


def _item_title(key: str, rest: str) -> str:
    """`**Task 2.1: Socket**: text` has its title in the key; `**Task 1**: Socket - text` after it."""
    named = re.match(r"task\s*#?\d+(?:\.\d+)*(?![\d.])\s*[-–—.]*\s*(\S.*)\Z", key)
    if named:
        return named[1]
    return re.split(r"\s+[-–—]\s+|:\s|\*\*", rest.strip("* :"), maxsplit=1)[0]


def _group_state(heading: str) -> SourceState | None:
    if re.fullmatch(r"(completed|in progress|not started|blocked|skipped)( tasks)?\W*", heading):
        return values.state(heading)
    return None


def _own_state(text: str) -> SourceState | None:
    last = re.split(r"[:–—-]\s", text)[-1].strip()
    return values.state(last) if len(last.split()) <= 3 else None


def state_only(facts: Facts) -> bool:
    """Whether an item has no title but a state: `- Task 1.1: ✅ Complete`."""
    return (
        facts.state is not None
        and len(facts.title.split()) <= 3
        and bool(values.state(facts.title))
    )


def phase_headings(outline: Outline) -> Iterable[tuple[str, str, int, int]]:
    """(key, title, start, end) of the phase sections of a plan file: `## Phase 2: Core`."""
    for at, heading in enumerate(outline.headings):
        found = re.match(r"\W*phase\s+(\d{1,6})\b\s*[:.–—-]?\s*(.*)\Z", heading.text, re.IGNORECASE)
        if found and normal(found[2]) not in ("tasks", "completion criteria"):
            yield found[1], clean_title(found[2]), heading.line, outline.section_end(at)
