"""What a dependency value asks for: `Phase 1 Tasks 1, 2`, `Tasks 1.1-1.4`, `All previous tasks`.

Names are resolved later, when all tasks are known. A plan orders work by what must come first, so
of `Task 1.2 or Task 1.3` the first is asked for and the other is kept apart, to be reported.
"""

import re
from dataclasses import dataclass, field

from callsheet.plan.claudio.reference_words import NUMBER, Reference, references

MAX_VALUE_CHARS = 2_000
_LINK = re.compile(r"\[([^\[\]]*)\]\([^()]*\)")
_PARENTHESES = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_NONE = re.compile(
    r"(?:none|no|n/?a|nil|nothing|not applicable)\b|[-–—]?\s*\Z|this is the (first|foundation)",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\b(?:parallel|concurrent(?:ly)?|simultaneous(?:ly)?|independent(?:ly)?)\b", re.IGNORECASE
)
_EARLIER = re.compile(r"\b(?:previous|prior|earlier|preceding|above|foregoing)\b", re.IGNORECASE)
_ALL = re.compile(r"\b(?:all|every|each)\b", re.IGNORECASE)
_LIST = re.compile(rf"\s*#?{NUMBER}(?:\s*(?:,|&|\band\b|-|–)\s*#?{NUMBER})*\s*\Z", re.IGNORECASE)
_PLAIN_WORDS = frozenset(
    {
        "a", "all", "and", "applicable", "are", "be", "been", "completed", "completion",
        "complete", "dependencies", "dependency", "done", "earlier", "every", "finished", "from",
        "have", "is", "must", "n", "na", "nil", "no", "none", "not", "nothing", "of", "on",
        "phase", "phases", "preceding", "previous", "prior", "required", "requires", "task",
        "tasks", "subtask", "subtasks", "the", "through", "to",
    }
)  # fmt: skip
_WORDS = re.compile(r"[^\W\d_]+")


@dataclass(slots=True)
class Wanted:
    """What one value asks for.

    `parallel` are phases that it says may run at the same time; `alternatives` what would do
    instead of something that is asked for; `vague` a set that names nothing, `prose` no reference,
    `none` that it says there is nothing to wait for, `aside` that it speaks of parallel work.
    """

    tasks: list[Reference] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    earlier_tasks: bool = False
    previous_task: bool = False
    earlier_phases: bool = False
    previous_phase: bool = False
    parallel: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    vague: bool = False
    prose: bool = False
    none: bool = False
    aside: bool = False

    def refers(self) -> bool:
        """Whether anything definite is asked for."""
        return bool(
            self.tasks or self.phases or self.earlier_tasks
            or self.previous_task or self.earlier_phases or self.previous_phase
        )  # fmt: skip

    def is_settled(self) -> bool:
        """Whether keys can express all of it."""
        open_ends = self.alternatives or self.aside or self.vague or self.prose
        return (self.refers() or self.none) and not open_ends


def plain(text: str) -> str:
    """`text` without Markdown marks and without what stands in brackets."""
    text = _unlinked(text).replace("**", "").replace("__", "").replace("`", "")
    if "(" in text or "[" in text:
        for _ in range(3):
            text, count = _PARENTHESES.subn(" ", text)
            if not count:
                break
    return text.strip()


def says_only_references(text: str) -> bool:
    """Whether every word of a plain text belongs to its references: `Task 1.2 completion`."""
    return _PLAIN_WORDS.issuperset(_WORDS.findall(text.lower()))


def in_brackets(text: str) -> list[str]:
    """What stands in brackets, outer ones first."""
    return [found[1:-1] for found in _PARENTHESES.findall(_unlinked(text))]


def _unlinked(text: str) -> str:
    """The text, cut to what is looked at, with `[Task 1.1](task1/claude.md)` as `Task 1.1`."""
    text = text[:MAX_VALUE_CHARS]
    return _LINK.sub(r"\1", text) if "](" in text else text


def wanted(text: str) -> Wanted:
    """Read one dependency value. Work is bounded by `MAX_VALUE_CHARS`."""
    result = Wanted()
    bare = plain(text)
    if not bare and text.strip().startswith(("(", "[")):
        bare = text.strip()[1:-1][:MAX_VALUE_CHARS]
    if _NONE.match(bare):
        result.none = True
        _read_aside(text[:MAX_VALUE_CHARS], result)
        return result
    for clause in re.split(r"[;\n]", bare) if ";" in bare else (bare,):
        _read_clause(clause, result)
    result.prose = not (result.refers() or result.vague or result.aside)
    return result


def _read_aside(text: str, result: Wanted) -> int:
    """Note that work may run in parallel, and with which phases; gives where it is said."""
    found = _ASIDE.search(text)
    if found is None:
        return len(text)
    result.aside = True
    result.parallel += tuple(phases_in(text[found.start() :]))
    return found.start()


def phases_in(text: str) -> list[str]:
    """The phases that a text names, ranges spelt out: for statements about whole phases."""
    return [
        phase
        for found in references(plain(text))
        if found.kind == "phase"
        for phase in _spelt(found)
    ]


def _spelt(phase: Reference) -> list[str]:
    return [phase.number] if phase.last is None else numbers(phase.number, phase.last)


def numbers(low: str, high: str, most: int = 1_000) -> list[str]:
    """`2`..`4` → 2, 3, 4; `1.1`..`1.3` → 1.1, 1.2, 1.3. Empty when that is no range."""
    *head, first = low.split(".")
    *other, last = high.split(".")
    if not other and head:
        other = head
    if head != other or not (first.isdigit() and last.isdigit()):
        return []
    if not 0 <= int(last) - int(first) < most:
        return []
    return [".".join([*head, str(n)]) for n in range(int(first), int(last) + 1)]


def _read_clause(clause: str, result: Wanted) -> None:
    clause = clause[: _read_aside(clause, result)]
    if _LIST.match(clause):
        clause = "tasks " + clause
    found = references(clause)
    for at, reference in enumerate(found):
        if at and reference.or_else:
            result.alternatives += (str(reference),)
        elif reference.kind == "task":
            result.tasks.append(reference)
        else:
            result.phases += _spelt(reference)
    if not found:
        _read_set(clause, result)


def _read_set(clause: str, result: Wanted) -> None:
    """`All previous tasks`, `Previous phase completion`, `All core functionality`."""
    if _EARLIER.search(clause):
        lower = clause.lower()
        everything = bool(_ALL.search(clause)) or "tasks" in lower or "phases" in lower
        if re.search(r"\bphases?\b", lower):
            result.earlier_phases |= everything
            result.previous_phase |= not everything
        elif re.search(r"\b(?:tasks?|work|items|steps)\b", lower):
            result.earlier_tasks |= everything
            result.previous_task |= not everything
    elif _ALL.search(clause):
        result.vague = True
