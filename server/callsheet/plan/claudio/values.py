"""What people write after `**Priority**:`, `**Effort**:` and `**Status**:`, turned into values.

Pure text in, value or None out. None means "says nothing that we know": callers decide whether
that is worth a diagnostic. The `whole_…` functions tell whether the value is all that a text says,
so that the text need not be kept beside it.
"""

import re
from functools import lru_cache

from callsheet.plan.draft import Priority, SourceState

_HOURS = {"m": 1 / 60, "h": 1.0, "d": 8.0, "w": 40.0, "mo": 160.0}
_NUMBER = r"(\d{1,6}(?:\.\d{1,3})?)"
_AMOUNT = re.compile(
    _NUMBER + r"\s*(?:(?:-|–|—|to)\s*" + _NUMBER + r"\s*)?[-\s]?"
    r"(minutes?|mins?|hours?|hrs?|days?|weeks?|wks?|months?|[mhdw])\b",
    re.IGNORECASE,
)
_CALENDAR = re.compile(
    r"(?<!\d )(?<!\d)\b(?:days?|weeks?|sprints?|phases?)\s+\d{1,4}\b\s*"
    r"(?:[-–—,:]\s*(?=\d[\d.]*\s*[a-z]))?",
    re.IGNORECASE,
)
_PRIORITIES: dict[str, Priority] = {
    **dict.fromkeys(("critical", "urgent", "highest", "blocker", "p0"), "critical"),
    **dict.fromkeys(("high", "p1"), "high"),
    **dict.fromkeys(("medium", "moderate", "normal", "p2"), "medium"),
    **dict.fromkeys(("low", "lowest", "p3", "p4"), "low"),
}
_PARTLY = re.compile(r"\b(partial(ly)?|mostly|nearly|almost|partly)\b")
_NOT_YET = re.compile(
    r"\b(not\s+(yet\s+)?(started|begun|complete[d]?|done)|un(started|finished)|incomplete|waiting|await\w*"
    r"|pending|ready|future|planned|planning|upcoming|to\s?-?\s?do|tbd|open|new|backlog|scheduled"
    r"|queued|not\s+scheduled)\b"
)
_STATES: tuple[tuple[SourceState, re.Pattern[str]], ...] = (
    ("skipped", re.compile(r"\b(skipped|cancell?ed|won'?t (do|fix)|obsolete|abandoned|dropped)\b")),
    ("blocked", re.compile(r"\b(blocked|on hold|paused|deferred|postponed|stalled)\b")),
    (
        "in_progress",
        re.compile(
            r"\b(in[ -_]?progress|started|ongoing|underway|active|wip|testing"
            r"|in review|reviewing|implementing)\b"
        ),
    ),
    ("done", re.compile(r"\b(complete[d]?|done|finished|shipped|merged|closed|delivered)\b")),
)
_STATE_WORDS = frozenset(
    {
        "a", "and", "backlog", "be", "begin", "begun", "blocked", "canceled", "cancelled",
        "complete", "completed", "do", "done", "execution", "finished", "for", "future", "hold",
        "implementation", "in", "is", "new", "not", "on", "open", "paused", "pending", "planned",
        "planning", "progress", "queued", "ready", "scheduled", "skipped", "start", "started",
        "tbd", "to", "todo", "upcoming", "yet",
    }
)  # fmt: skip
_LETTERS = re.compile(r"[^\W\d_]+")
_PERCENT = re.compile(r"\b(\d{1,3})(?:\.\d+)?\s*%")
_MARKS: tuple[tuple[str, SourceState], ...] = (
    ("✅", "done"), ("✓", "done"), ("✔", "done"), ("☑", "done"),
    ("🔄", "in_progress"), ("🚧", "in_progress"), ("🟡", "in_progress"),
    ("⏸", "todo"), ("⏳", "todo"), ("⬜", "todo"), ("📅", "todo"), ("❌", "todo"),
    ("🚫", "blocked"), ("⛔", "blocked"), ("⏭", "skipped"),
)  # fmt: skip
_TYPES = (
    ("documentation", re.compile(r"\bdoc(s|umentation|umenting)?\b")),
    ("quality", re.compile(r"\b(quality|qa)\b")),
    ("testing", re.compile(r"\b(tests?|testing|verification|validation)\b")),
    ("review", re.compile(r"\b(code )?reviews?\b")),
    ("infrastructure", re.compile(r"\b(infra(structure)?|devops|deploy(ment)?|ci|cd|setup)\b")),
    ("development", re.compile(r"\b(dev(elopment)?|implement(ation)?|feature|coding|backend|frontend"
                               r"|integration|refactor(ing)?)\b")),
)  # fmt: skip
_AGENT = re.compile(r"`?@?([a-z][a-z0-9]*(?:-[a-z0-9]+)+)`?\Z")
_NO_SLUG = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=1_024)
def hours(text: str) -> float | None:
    """`3 days` → 24, `2-3 days` and `2 days - 3 days` → 20 (the mean), `1h 30m` → 1.5.

    A day is 8 hours, a week 40.

    Places in a calendar are no amounts: `Day 1 - 6 hours` → 6, `Weeks 5-8` → None.
    """
    text = _CALENDAR.sub(" ", text[:200])
    total, end = 0.0, None
    for found in _AMOUNT.finditer(text):
        gap = "" if end is None else text[end : found.start()].strip(" ,")
        low, high = float(found[1]), float(found[2] or found[1])
        amount = (low + high) / 2 * _HOURS[_unit(found[3].lower())]
        if gap in ("-", "–", "—", "to"):
            return round((total + amount) / 2, 4)
        if gap not in ("", "and"):
            break
        total += amount
        end = found.end()
    return round(total, 4) if end is not None else None


@lru_cache(maxsize=1_024)
def whole_hours(text: str) -> bool:
    """Whether `text` is an amount of time and nothing else; `4 weeks (Weeks 5-8)` says more."""
    rest, count = _AMOUNT.subn("", text)
    return bool(count) and not re.sub(r"\b(?:and|to)\b|[\W_]", "", rest)


def _unit(word: str) -> str:
    return "mo" if word.startswith("mo") else word[0]


@lru_cache(maxsize=1_024)
def priority(text: str) -> Priority | None:
    """The first priority word in `text`; `CRITICAL PATH - must …` is critical."""
    for word in re.findall(r"[a-z0-9]+", text[:200].lower()):
        if word in _PRIORITIES:
            return _PRIORITIES[word]
    return None


@lru_cache(maxsize=1_024)
def whole_priority(text: str) -> bool:
    """Whether `text` names one priority and nothing else: `HIGH`, `P1 (high)`."""
    words = set(re.findall(r"[a-z0-9]+", text.lower()))
    return len({_PRIORITIES.get(word) for word in words}) == 1 and words <= _PRIORITIES.keys()


@lru_cache(maxsize=1_024)
def state(text: str) -> SourceState | None:
    """What a status says: `✅ COMPLETED`, `Waiting for Task 1`, `Mostly complete`, `100%`.

    Waiting, ready and planned are todo: whether a task waits is for its dependencies to say.
    """
    words = text[:300].lower()
    if _PARTLY.search(words):
        return "in_progress"
    for name, pattern in _STATES[:2]:
        if pattern.search(words):
            return name
    percent = _PERCENT.search(words)
    if percent and 0 < int(percent[1]) < 100:
        return "in_progress"
    if _NOT_YET.search(words):
        return "todo"
    for name, pattern in _STATES[2:]:
        if pattern.search(words):
            return name
    if percent:
        return "done" if int(percent[1]) == 100 else "todo"
    return mark(text[:300])


@lru_cache(maxsize=1_024)
def whole_state(text: str) -> bool:
    """Whether `text` is one status and nothing else; `Waiting for Task 1` and `60 %` say more."""
    if re.search(r"[/,;|]", text):
        return False
    if re.search(r"\d", text):
        return re.fullmatch(r"\W*(?:0|100)\s*%\s*(?:completed?|done)?\W*", text.lower()) is not None
    return set(_LETTERS.findall(text.lower())) <= _STATE_WORDS


def mark(text: str) -> SourceState | None:
    """The state that an emoji stands for, if `text` holds one of those that plans use."""
    for sign, name in _MARKS:
        if sign in text:
            return name
    return None


@lru_cache(maxsize=1_024)
def task_type(text: str) -> str | None:
    """One of callsheet's types where the words fit, else the first word group as a slug."""
    first = re.split(r"[/,+&(]", text[:100])[0].strip().lower()
    for name, pattern in _TYPES:
        if pattern.search(first):
            return name
    return _slug(first)[:40] or None


@lru_cache(maxsize=1_024)
def whole_type(text: str) -> bool:
    """Whether the type says all: `Docs` does, `API Development` and `Development/Testing` don't."""
    found = task_type(text)
    slug = _slug(text.strip().lower())
    return found is not None and slug != "" and found.startswith(slug.rstrip("s"))


def _slug(text: str) -> str:
    return _NO_SLUG.sub("-", text).strip("-")


def agent(text: str) -> str | None:
    """An agent's name (`documentation-coordinator`); human roles such as `QA Engineer` give None."""
    found = _AGENT.match(text.strip())
    return found[1] if found else None
