"""What the pages of a phase say about the phase: title, order, state.

A phase waits for phases named in its own Dependencies or Prerequisites. Prose elsewhere
("Phase 4 depends on completion") is not an order.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from callsheet.plan.claudio import values
from callsheet.plan.claudio.facts import Value
from callsheet.plan.claudio.fields import Entry, entries, normal
from callsheet.plan.claudio.labels import BLOCKS, DEPENDS
from callsheet.plan.claudio.references import wanted
from callsheet.plan.draft import SourceState
from callsheet.plan.outline import Outline

_TITLE = re.compile(r"\W*phase\s+[\w.]+(?:\s+(?:tasks?|status))?\s*[:–—-]\s*(.*)\Z", re.IGNORECASE)
_TRIM = re.compile(
    r"\s*[-–—:(]?\s*\b(task list|task breakdown|tasks|tasks breakdown|task|context|agent|status|overview)\)?\Z",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"(from )?(previous|prior) phases?")
_PHASE_KEYS = DEPENDS | {
    "phase dependencies",
    "phase prerequisites",
    "dependencies & prerequisites",
}
_DONE_ENOUGH = ("done", "skipped")


@dataclass(slots=True)
class PhaseFacts:
    """What was found. `stated` is true when the phase says something about order, be it "None"."""

    title: str = ""
    file: str | None = None
    line: int | None = None
    stated: bool = False
    depends: list[Value] = field(default_factory=list)
    blocks: list[Value] = field(default_factory=list)
    parallel: list[str] = field(default_factory=list)
    state: SourceState | None = None


def phase_title(outline: Outline) -> str:
    """`# Phase 1: Foundation - Task List` → `Foundation`."""
    for heading in outline.headings[:3]:
        found = _TITLE.match(heading.text.replace("**", ""))
        if found:
            return trimmed(found[1])
    return ""


def trimmed(title: str) -> str:
    """A phase title without `- Task List` and the like."""
    return _TRIM.sub("", title).strip() or title.strip()


def read_phase(
    facts: PhaseFacts, outline: Outline, file: str, spans: Iterable[tuple[int, int]]
) -> None:
    """Add what the lines in `spans` (those outside the tasks' sections) say about the phase."""
    for start, end in spans:
        for entry in entries(outline, start, end):
            if "parallel" not in entry.heading:
                _read_entry(facts, entry, file)


def _read_entry(facts: PhaseFacts, entry: Entry, file: str) -> None:
    context, key = entry.context, entry.key
    if key in ("status", "current status", "phase status") and facts.state is None:
        if not entry.heading or "overview" in entry.heading or "phase" in entry.heading:
            facts.state = values.state(entry.value)
    elif key in _PHASE_KEYS and _speaks_of_phase(context):
        _add(facts, entry.value, file, entry)
    elif context in _PHASE_KEYS or (_BEFORE.fullmatch(context) and entry.heading in _PHASE_KEYS):
        if context in BLOCKS or key in BLOCKS:
            facts.blocks.append(Value(entry.value, file, entry.line + 1))
        elif not key or re.match(r"phases?\s*\d", key):
            _add(facts, entry.raw, file, entry)
    elif key in BLOCKS and context in _PHASE_KEYS:
        facts.blocks.append(Value(entry.value, file, entry.line + 1))


def _speaks_of_phase(context: str) -> bool:
    return (
        not context
        or context in _PHASE_KEYS
        or bool(
            re.search(
                r"\b(overview|focus|phase|information|details|integration context)\b", context
            )
        )
    )


def _add(facts: PhaseFacts, text: str, file: str, entry: Entry) -> None:
    if not text:
        return
    found = wanted(text)
    facts.stated |= found.refers() or found.none
    facts.parallel += found.parallel
    facts.depends.append(Value(text, file, entry.line + 1))


def done(state: SourceState | None) -> bool:
    """Whether a phase's state settles that of its tasks that say nothing."""
    return state in _DONE_ENOUGH


def dashboard_states(outline: Outline) -> dict[str, SourceState]:
    """Phase → state from a project's status page: `| Phase 1: Setup | Completed | 100% |`."""
    found: dict[str, SourceState] = {}
    for table in outline.tables(0, len(outline.lines)):
        names = [normal(cell) for cell in table.header]
        if "phase" not in names or "status" not in names:
            continue
        phase_at, status_at = names.index("phase"), names.index("status")
        for _, row in table.rows:
            if len(row) > max(phase_at, status_at):
                number = re.search(r"\d{1,6}", row[phase_at])
                state = values.state(row[status_at])
                if number and state:
                    found.setdefault(number[0], state)
    return found
