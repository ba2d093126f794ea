"""Reads one task's section, page or table row into `Facts`.

What an entry means is decided by its label and by what it stands under. The section becomes the
body of the facts, with a `Claim` for each part that only says what fields hold.
"""

import re
from collections.abc import Sequence

from callsheet.plan.claudio.facts import NOTHING, Body, Claim, Facts, Value
from callsheet.plan.claudio.field_readers import READERS
from callsheet.plan.claudio.fields import Entry, entries, normal
from callsheet.plan.claudio.labels import (
    BLOCKS,
    DEPENDS,
    PLAIN_ACCEPTANCE,
    SUCCESS,
    is_acceptance,
    is_overview,
    is_plain_frame,
    names_files,
)  # fmt: skip
from callsheet.plan.outline import Outline
from callsheet.plan.paths import resource_path

_REFERENCE_KEY = re.compile(r"(sub)?(tasks?|phases?)[\s#-]*\d")
_TICKS = "✅☑✓✔☐⬜❌•"
_CODE = re.compile(r"`([^`\n]{1,300})`")


def read_section(facts: Facts, outline: Outline, start: int, end: int) -> None:
    """Fill `facts` from the lines of its section, which become its body."""
    body = Body(outline.lines[start:end], start)
    success = Facts("", facts.file, facts.line)
    before: Entry | None = None
    for entry in entries(outline, start, end):
        if before is not None:
            _close_frames(body, before, entry.heading_line, entry.label_line, entry.line)
        claim = _read_entry(facts, entry)
        if claim is None and entry.context == SUCCESS:
            claim = _criterion(success, entry)
        if claim or entry.shared:
            body.claims.setdefault(entry.line, []).append(claim or NOTHING)
        before = entry
    if before is not None:
        _close_frames(body, before, end, end, end)
    if not facts.acceptance:
        facts.acceptance, facts.ticked = success.acceptance, success.ticked
    facts.bodies = [body]


def _close_frames(body: Body, before: Entry, heading: int, label: int, line: int) -> None:
    """Note the heading and the label that end where the next entry stands under others."""
    moved = heading != before.heading_line
    if moved and before.heading_line >= 0 and is_plain_frame(before.heading):
        body.frames.append((before.heading_line, heading))
    ended = moved or label != before.label_line
    if ended and before.label_line >= 0 and is_plain_frame(before.label):
        body.frames.append((before.label_line, heading if moved else line))


def _read_entry(facts: Facts, entry: Entry) -> Claim | None:
    context, key = entry.context, entry.key
    if context and is_acceptance(context):
        claim = _criterion(facts, entry)
        return claim if context in PLAIN_ACCEPTANCE else None
    if key and is_acceptance(key):
        return _only_criterion(facts, entry)
    if context in DEPENDS or key in DEPENDS:
        return _dependency(facts, entry)
    if context in BLOCKS or key in BLOCKS:
        _blocked(facts, entry)
    elif names_files(context) or names_files(key):
        _paths(facts, entry)
    elif entry.value and key in READERS and is_overview(context):
        return READERS[key](facts, entry)
    return None


def read_row(facts: Facts, header: Sequence[str], row: Sequence[str], known: Sequence[int]) -> None:
    """Fill `facts` from a summary table's row; the columns `known` are its id and its title."""
    body = Body([], glue=" · ")
    for at, (title, cell) in enumerate(zip(header, row, strict=False)):
        text, name = cell.replace("**", "").strip(), normal(title)
        if at in known or not text or (_is_dash(text) and name not in DEPENDS):
            continue
        key = "type" if name == "category" else name
        claim = _read_entry(facts, Entry("", "", key, text, text, facts.line - 1))
        if claim is not None:
            body.claims[len(body.parts)] = [claim]
        body.parts.append(f"{title}: {cell}")
    facts.bodies = [body]


def _is_dash(cell: str) -> bool:
    return not cell.strip("-–—. ")


def _only_criterion(facts: Facts, entry: Entry) -> Claim | None:
    """`**Acceptance Criteria**: It works`, all on one line."""
    if not entry.value:
        return None
    facts.acceptance.append([entry.value])
    return Claim("acceptance", facts.acceptance) if entry.key in PLAIN_ACCEPTANCE else None


def _criterion(facts: Facts, entry: Entry) -> Claim | None:
    """List items are criteria, lines indented below them belong to them; prose is one if alone."""
    text = entry.raw.strip()
    mark = text[:1] in _TICKS
    if not text:
        return None
    if entry.item or mark:
        text = text.lstrip(_TICKS + " \ufe0f") if mark else text
        if entry.indent >= 4 and facts.acceptance and entry.label == "":
            facts.acceptance[-1].append(f"; {text}")
        else:
            facts.acceptance.append([text])
            facts.ticked += entry.ticked is True
        facts.listed = True
    elif facts.acceptance and entry.indent:
        facts.acceptance[-1].append(f" {text}")
    elif not entry.key and not facts.listed:
        facts.acceptance.append([text])
    else:
        return None
    return Claim("acceptance", facts.acceptance)


def _dependency(facts: Facts, entry: Entry) -> Claim | None:
    """Under Dependencies: known keys count, `**Task 1.1**: …` names a task, other keys don't."""
    known = entry.key in DEPENDS
    if known and not (entry.context in DEPENDS or is_overview(entry.context)):
        return None
    if entry.key and not known:
        if entry.key in BLOCKS:
            _blocked(facts, entry)
        elif _REFERENCE_KEY.match(entry.key):
            return _add_dependency(facts, entry, entry.raw)
        return None
    return _add_dependency(facts, entry, entry.value if known else entry.raw)


def _add_dependency(facts: Facts, entry: Entry, text: str) -> Claim | None:
    if facts.depends is None:
        facts.depends = []
    if not text.strip():
        return None
    value = Value(text, facts.file, entry.line + 1)
    facts.depends.append(value)
    return Claim("depends", value)


def _blocked(facts: Facts, entry: Entry) -> None:
    inside = entry.context in BLOCKS
    if not inside and not (is_overview(entry.context) or entry.context in DEPENDS):
        return
    text = entry.raw if inside else entry.value
    if text.strip():
        facts.blocks.append(Value(text, facts.file, entry.line + 1))


def _paths(facts: Facts, entry: Entry) -> None:
    found = _CODE.findall(entry.raw)
    if not found and entry.context != "deliverables" and entry.item:
        found = [entry.raw.split(" ")[0].rstrip(",:;")]
    for text in found:
        path = resource_path(text)
        if path:
            facts.paths[path] = None
