"""The tasks that a Markdown file describes: under headings, and as rows of summary tables.

`## Task 1.1: Setup`, `### 📁 Task 2: Terrain (HIGH)`, `#### Task 1.2 - CLI (Day 1 - 6 hours)` and
`## Task: Setup` with an `**ID**` are tasks; `## Task Summary` and headings inside fences are not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from callsheet.plan.claudio import values
from callsheet.plan.claudio.facts import Facts
from callsheet.plan.claudio.fields import normal
from callsheet.plan.claudio.reading import read_row, read_section
from callsheet.plan.outline import Heading, Outline, Table

_HEADING = re.compile(
    r"(?:phase\s*\d+\s*[.,:-]?\s*)?task\s*#?(\d{1,6}(?:\.\d{1,6})*[a-z]?)(?:\s*(?::|[.–—-](?!\d))\s*(.*)|\s*)\Z",
    re.IGNORECASE,
)
_UNNUMBERED = re.compile(r"task\s*:\s*(\S.*)\Z", re.IGNORECASE)
_SPACED = re.compile(r"task\s*#?(\d{1,6}(?:\.\d{1,6})+)\s+(\S.*)\Z", re.IGNORECASE)
_NUMBERED = re.compile(r"(\d{1,6}(?:\.\d{1,6})+)\s*[:.–—-]?\s+(\S.*)\Z")
_DECORATION = re.compile(r"^[^\w]+")
_SUFFIX = re.compile(r"\s*[(\[]([^()\[\]]{1,120})[)\]]\s*\Z")
_STATUS_SUFFIX = re.compile(
    r"\s*(?:[-–—:]\s*)?[^\w\s\"'`)\]>.!?%]*\s*\b(COMPLETED?|DONE|FINISHED|IN PROGRESS|BLOCKED|ON HOLD|DEFERRED|NOT STARTED|SKIPPED|CANCELL?ED)\s*[^\w\s]*\Z"
)
_TRAILING_EMOJI = re.compile("[\\s\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]+\\Z")
_ENDS_PLAINLY = re.compile(r"[a-z0-9]\Z")
_ROLE = re.compile(r"\s*[-–—:]?\s*\b(agent|context|status)\Z", re.IGNORECASE)
_ID_COLUMNS = frozenset(
    {"task id", "id", "task", "task #", "#", "no", "no.", "nr", "task no", "task number"}
)
_NAME_COLUMNS = frozenset(
    {"task name", "name", "title", "task", "description", "task title", "task description"}
)
_MAX_TRIMMINGS = 6
_MAX_TRIMMED_CHARS = 300
_CELL_ID = re.compile(r"(?:task\s*)?#?(\d{1,6}(?:\.\d{1,6})*)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Section:
    """A task's section: `facts.number` is None for `## Task: Name` without an ID."""

    facts: Facts
    level: int
    start: int
    end: int


def sections(outline: Outline, file: str, phase: str | None = None) -> list[Section]:
    """The task sections of a file in order. A nested task ends its parent's own text.

    `### Task 2.1 Title` counts if it has fields, with `phase` also `### 2.1 Title` of that phase.
    """
    found: list[Section] = []
    titles = [(at, task) for at, h in enumerate(outline.headings) if (task := _task(h, phase))]
    for position, (at, (number, text, bare)) in enumerate(titles):
        heading = outline.headings[at]
        end = outline.section_end(at)
        own_end = (
            min(end, outline.headings[titles[position + 1][0]].line)
            if position + 1 < len(titles)
            else end
        )
        facts = Facts("", file, heading.line + 1, number)
        _read_title(facts, text, heading.text)
        read_section(facts, outline, heading.line + 1, own_end)
        if bare and not _has_fields(facts):
            continue
        if number is not None:
            facts.number = number
        found.append(Section(facts, heading.level, heading.line, end))
    return found


def _task(heading: Heading, phase: str | None) -> tuple[str | None, str, bool] | None:
    text = heading.text
    if not text[:1].isalnum() or "**" in text or "__" in text:
        text = _DECORATION.sub("", text.replace("**", "").replace("__", ""))
    if text[:1] in "tTpP":
        found = _HEADING.match(text)
        if found:
            return found[1], (found[2] or "").strip(), False
        unnumbered = _UNNUMBERED.match(text)
        if unnumbered and heading.level >= 2:
            return None, unnumbered[1], False
        spaced = _SPACED.match(text)
        if spaced and heading.level >= 2:
            return spaced[1], spaced[2], True
    elif phase is not None and text.startswith(f"{phase}."):
        numbered = _NUMBERED.match(text)
        if numbered and heading.level >= 2:
            return numbered[1], numbered[2], True
    return None


def _has_fields(facts: Facts) -> bool:
    return bool(
        facts.priority or facts.estimate_hours or facts.type or facts.acceptance
        or facts.depends is not None or facts.state
    )  # fmt: skip


def _read_title(facts: Facts, text: str, heading: str) -> None:
    """Take estimate, priority and status out of the title's trimmings."""
    lead = heading.split("Task", 1)[0]
    if lead and values.mark(lead) == "done":
        facts.state = "done"
    if _ENDS_PLAINLY.search(text) or len(text) > _MAX_TRIMMED_CHARS:
        facts.title = text
        return
    for _ in range(_MAX_TRIMMINGS):
        shorter = _without_status(facts, text)
        suffix = _SUFFIX.search(shorter)
        if suffix and _says_something(facts, suffix[1]):
            shorter = shorter[: suffix.start()]
        shorter = shorter.rstrip(" -–—:")
        if shorter == text:
            break
        text = shorter
    facts.title = text.strip() or f"Task {facts.number}"


def _without_status(facts: Facts, text: str) -> str:
    found = _STATUS_SUFFIX.search(text)
    if found and found.start():
        facts.state = values.state(found[1])
        return text[: found.start()].rstrip()
    bare = _TRAILING_EMOJI.sub("", text)
    if bare and bare != text:
        facts.state = values.mark(text[len(bare) :]) or facts.state
    return bare or text


def _says_something(facts: Facts, text: str) -> bool:
    estimate, priority = values.hours(text), values.priority(text)
    state = values.state(text) if len(text) < 30 else None
    if text.strip().lower() == "optional":
        facts.optional = True
    elif priority and (len(text.split()) <= 3 or text.isupper() or "path" in text.lower()):
        facts.priority = priority
    elif estimate is not None:
        facts.estimate_hours = estimate
    elif state and len(text.split()) <= 3:
        facts.state = state
    else:
        return bool(re.fullmatch(r"(?:days?|weeks?|p)\s*[\d\s–-]+", text.strip(), re.IGNORECASE))
    return True


def clean_title(text: str) -> str:
    """A page's title without the role that it was written for: `… Agent`, `… Context`, `… Status`."""
    return _ROLE.sub("", text.replace("**", "").strip()).strip()


def rows(outline: Outline, file: str, start: int, end: int) -> Iterator[Facts]:
    """Tasks in tables that have an id column and a name column."""
    for table in outline.tables(start, end):
        columns = _columns(table)
        if columns is None:
            continue
        for line, row in table.rows:
            wide = len(row) > max(columns)
            found = _CELL_ID.match(row[columns[0]].strip("*` ")) if wide else None
            if found:
                facts = Facts(row[columns[1]].strip("* "), file, line + 1, found[1])
                read_row(facts, table.header, row, columns)
                yield facts


def _columns(table: Table) -> tuple[int, int] | None:
    names = [normal(cell) or cell for cell in table.header]
    number = next((at for at, name in enumerate(names) if name in _ID_COLUMNS), None)
    if number is None:
        return None
    title = next((at for at, n in enumerate(names) if at != number and n in _NAME_COLUMNS), None)
    return None if title is None else (number, title)
