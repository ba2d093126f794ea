"""What one place says about one task, whichever file it stands in.

tasks.md, plan files, phase pages, task folders and summary tables all use the same few labels, so
one reader serves them all. Nothing is resolved here: dependencies stay text with file and line.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from callsheet.plan.claudio import values
from callsheet.plan.claudio.fields import Entry, entries, normal
from callsheet.plan.draft import Priority, SourceState
from callsheet.plan.outline import Outline
from callsheet.plan.paths import resource_path, resources

DEPENDS = frozenset(
    {
        "dependencies", "dependency", "depends on", "depends", "prerequisites", "prerequisite",
        "prerequisite tasks", "prerequisite task", "task dependencies", "internal dependencies",
        "requires", "required", "required tasks", "blocked by", "waiting on", "waiting for",
        "predecessors", "after", "code", "code dependencies", "hard dependencies",
    }
)  # fmt: skip
BLOCKS = frozenset(
    {
        "blocks", "blocking", "enables", "unblocks", "required by", "enables next tasks",
        "blocks tasks", "enables tasks", "dependents", "successors", "blocked tasks",
    }
)  # fmt: skip
_ESTIMATE = frozenset(
    {
        "effort", "estimate", "estimation", "duration", "estimated effort", "estimated time",
        "time estimate", "estimated duration", "estimated hours", "effort estimate", "time",
    }
)  # fmt: skip
_STATUS = ("status", "task status", "current status", "state")
_ACCEPTANCE = re.compile(r"acceptance( criteria)?|acceptance criteria \w+|done when")
_SUCCESS = re.compile(r"success criteria")
_OVERVIEW = re.compile(
    r"(task |general |basic )?(overview|information|info|details?|summary|metadata|status|properties"
    r"|progress summary|progress tracking|progress|description)"
)
_AGENT_KEYS = frozenset(
    {"agent", "assigned agent", "route", "sub-agent", "subagent", "assignee", "assigned", "owner"}
)
_FILES = re.compile(
    r"(files?|paths?|components?) (to )?(be )?(modif|creat|chang|edit|updat|touch|delet|review)\w*"
)
_REFERENCE_KEY = re.compile(r"(tasks?|phases?)[\s#-]*\d")
_TICKS = "✅☑✓✔☐⬜❌•"
_CODE = re.compile(r"`([^`\n]{1,300})`")


@dataclass(frozen=True, slots=True)
class Value:
    """A dependency value as written, and where."""

    text: str
    file: str
    line: int


@dataclass(slots=True)
class Facts:
    """What one place says. None and empty mean that it says nothing about it."""

    title: str
    file: str
    line: int
    number: str | None = None
    depends: list[Value] | None = None
    blocks: list[Value] = field(default_factory=list)
    estimate_hours: float | None = None
    priority: Priority | None = None
    type: str | None = None
    route: str | None = None
    state: SourceState | None = None
    acceptance: list[str] = field(default_factory=list)
    ticked: int = 0
    paths: list[str] = field(default_factory=list)
    folder: str | None = None
    optional: bool = False
    body: str = ""
    unknown: list[Value] = field(default_factory=list)


def read_section(facts: Facts, outline: Outline, start: int, end: int) -> None:
    """Fill `facts` from the lines of its section."""
    success = Facts("", facts.file, facts.line)
    for entry in entries(outline, start, end):
        _read_entry(facts, entry)
        if _SUCCESS.fullmatch(entry.context):
            _criterion(success, entry)
    if not facts.acceptance:
        facts.acceptance, facts.ticked = success.acceptance, success.ticked


def _read_entry(facts: Facts, entry: Entry) -> None:
    context = entry.context
    if _ACCEPTANCE.fullmatch(context):
        _criterion(facts, entry)
    elif _ACCEPTANCE.fullmatch(entry.key):
        if entry.value:
            facts.acceptance.append(entry.value)
    elif context in DEPENDS or entry.key in DEPENDS:
        _dependency(facts, entry)
    elif context in BLOCKS or entry.key in BLOCKS:
        _blocked(facts, entry)
    elif _FILES.match(context) or _FILES.match(entry.key) or context == "deliverables":
        _paths(facts, entry, context == "deliverables")
    elif entry.key and entry.value and _at_top(context):
        _field(facts, entry)


def _at_top(context: str) -> bool:
    return not context or _OVERVIEW.fullmatch(context) is not None


def _field(facts: Facts, entry: Entry) -> None:
    key, value = entry.key, entry.value
    if key == "priority" and facts.priority is None:
        facts.priority = values.priority(value)
        _note_unknown(facts, entry, facts.priority)
    elif key in _ESTIMATE and facts.estimate_hours is None:
        facts.estimate_hours = values.hours(value)
    elif key in _STATUS:
        _status(facts, entry)
    elif key == "completion" and facts.state is None and "%" in value:
        facts.state = values.state(value)
    elif key in ("type", "task type") and facts.type is None:
        facts.type = values.task_type(value)
    elif key in _AGENT_KEYS and facts.route is None:
        facts.route = values.agent(value)
    elif key in ("resources", "resource"):
        facts.paths += [found for found in resources(value) if found not in facts.paths]
    elif key in ("directory", "location") and facts.folder is None:
        facts.folder = value.strip("` ").strip("/").rsplit("/", 1)[-1]
    elif key in ("id", "task id", "task") and facts.number is None:
        found = re.match(r"`?(?:task\s*)?(\d+(?:\.\d+)*)\b", value, re.IGNORECASE)
        facts.number = found[1] if found else None
    elif key == "optional":
        facts.optional = value.lower().startswith(("yes", "true"))


def _status(facts: Facts, entry: Entry) -> None:
    if facts.state is None or (entry.key == "status" and facts.state == "todo"):
        found = values.state(entry.value)
        facts.state = found or facts.state
        _note_unknown(facts, entry, found)


def _note_unknown(facts: Facts, entry: Entry, found: object) -> None:
    if found is None and values.hours(entry.value) is None:
        facts.unknown.append(Value(entry.raw, facts.file, entry.line + 1))


def _criterion(facts: Facts, entry: Entry) -> None:
    text = entry.raw.strip()
    mark = text[:1] in _TICKS
    if text in ("---", "***") or not text:
        return
    if entry.item or mark:
        text = text.lstrip(_TICKS + " \ufe0f") if mark else text
        if entry.indent >= 4 and facts.acceptance and entry.label == "":
            facts.acceptance[-1] += f"; {text}"
            return
        facts.acceptance.append(text)
        facts.ticked += entry.ticked is True
    elif facts.acceptance and entry.indent:
        facts.acceptance[-1] += f" {text}"
    elif not entry.key:
        facts.acceptance.append(text)


def _dependency(facts: Facts, entry: Entry) -> None:
    """Under Dependencies: known keys count, `**Task 1.1**: …` names a task, other keys don't."""
    known = entry.key in DEPENDS
    if known and not (entry.context in DEPENDS or _at_top(entry.context)):
        return
    if entry.key and not known:
        if entry.key in BLOCKS:
            _blocked(facts, entry)
        elif _REFERENCE_KEY.match(entry.key):
            _add_dependency(facts, entry, entry.raw)
        return
    _add_dependency(facts, entry, entry.value if known else entry.raw)


def _add_dependency(facts: Facts, entry: Entry, text: str) -> None:
    if facts.depends is None:
        facts.depends = []
    if text.strip():
        facts.depends.append(Value(text, facts.file, entry.line + 1))


def _blocked(facts: Facts, entry: Entry) -> None:
    inside = entry.context in BLOCKS
    if not inside and not (_at_top(entry.context) or entry.context in DEPENDS):
        return
    text = entry.raw if inside else entry.value
    if text.strip():
        facts.blocks.append(Value(text, facts.file, entry.line + 1))


def _paths(facts: Facts, entry: Entry, only_code: bool) -> None:
    found = _CODE.findall(entry.raw)
    if not found and not only_code and entry.item:
        found = [entry.raw.split(" ")[0].rstrip(",:;")]
    for text in found:
        path = resource_path(text)
        if path and path not in facts.paths:
            facts.paths.append(path)


def read_row(facts: Facts, header: Iterable[str], row: Iterable[str]) -> None:
    """Fill `facts` from a summary table's row."""
    for title, cell in zip(header, row, strict=False):
        name, text = normal(title), cell.replace("**", "").strip()
        if not text:
            continue
        if name == "priority":
            facts.priority = values.priority(text)
        elif name in _ESTIMATE:
            facts.estimate_hours = values.hours(text)
        elif name in ("type", "category"):
            facts.type = values.task_type(text)
        elif name in _STATUS:
            facts.state = values.state(text)
        elif name in DEPENDS:
            facts.depends = [Value(text, facts.file, facts.line)]
        elif name in _AGENT_KEYS:
            facts.route = values.agent(text)
