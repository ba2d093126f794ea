"""What a dependency value refers to: `Phase 1 Tasks 1, 2`, `Tasks 1.1-1.4`, `All previous tasks`.

The text is cut into words and read by a small machine, because the notations mix freely:
in `Phase 4 Task 6, Task 2` the second task is of the current phase, in `Phase 1 Task 6, Phase 2
Tasks` the second item is a whole phase. Names are resolved later, when all tasks are known.
"""

import re
from dataclasses import dataclass, field

MAX_VALUE_CHARS = 2_000
_NUM = r"\d{1,6}(?:\.\d{1,6})*[a-z]?"
_TOKEN = re.compile(
    rf"(?P<phase>\bphases?(?![a-z]))|(?P<task>\btasks?(?![a-z]))"
    rf"|(?P<range>(?<![\w.]){_NUM}\s*(?:-|–|—|\.\.|\bto\b|\bthrough\b)\s*(?:tasks?\s+)?{_NUM}(?![\w%]))"
    rf"|(?P<num>(?<![\w.])(?:{_NUM})(?![\w%])|(?<=phase)\d{{1,6}}\b|(?<=task){_NUM}(?![\w%]))"
    r"|(?P<sep>[,;&+/]|\band\b|\bor\b)|(?P<word>[^\W\d_][\w'-]*)",
    re.IGNORECASE,
)
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
_LIST = re.compile(rf"\s*{_NUM}(?:\s*(?:,|&|\band\b|-|–)\s*{_NUM})*\s*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TaskRef:
    """A task as written: `number` is `3` or `1.3`, `phase` the phase it was said to be in.

    With `last`, all tasks from `number` to `last`.
    """

    number: str
    phase: str | None = None
    last: str | None = None


@dataclass(slots=True)
class Wanted:
    """What one value asks for. `earlier` are phases whose earlier tasks are meant; "" is the own."""

    tasks: list[TaskRef] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    phase_ranges: list[tuple[str, str]] = field(default_factory=list)
    earlier_tasks: bool = False
    previous_task: bool = False
    earlier_phases: bool = False
    previous_phase: bool = False
    parallel: list[str] = field(default_factory=list)
    vague: bool = False
    prose: bool = False
    none: bool = False

    def refers(self) -> bool:
        """Whether anything definite is asked for."""
        return bool(
            self.tasks or self.phases or self.phase_ranges or self.earlier_tasks
            or self.previous_task or self.earlier_phases or self.previous_phase
        )  # fmt: skip


def plain(text: str) -> str:
    """`text` without Markdown marks and without what stands in brackets."""
    text = text[:MAX_VALUE_CHARS].replace("**", "").replace("__", "").replace("`", "")
    for _ in range(3):
        text, count = _PARENTHESES.subn(" ", text)
        if not count:
            break
    return text.strip()


def wanted(text: str) -> Wanted:
    """Read one dependency value. Work is bounded by `MAX_VALUE_CHARS`."""
    result = Wanted()
    bare = plain(text)
    if not bare and text.strip().startswith(("(", "[")):
        bare = text.strip()[1:-1][:MAX_VALUE_CHARS]
    if _NONE.match(bare):
        result.none = True
        aside = _ASIDE.search(text[:MAX_VALUE_CHARS])
        result.parallel = phases_in(text[aside.start() :]) if aside else []
        return result
    for clause in re.split(r"[;\n]", bare):
        _read_clause(clause, result)
    if not result.refers() and not result.parallel and not result.vague and not result.none:
        result.prose = True
    return result


def phases_in(text: str) -> list[str]:
    """The phases that a text names, ranges spelt out: for statements about whole phases."""
    found = Wanted()
    _Reader(found).read(plain(text))
    return found.phases + [p for low, high in found.phase_ranges for p in numbers(low, high)]


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
    aside = _ASIDE.search(clause)
    if aside:
        result.parallel += phases_in(clause[aside.start() :])
        result.none = True
        clause = clause[: aside.start()]
    if _LIST.match(clause):
        clause = "tasks " + clause
    before = len(result.tasks) + len(result.phases) + len(result.phase_ranges)
    _Reader(result).read(clause)
    if len(result.tasks) + len(result.phases) + len(result.phase_ranges) > before:
        return
    if _EARLIER.search(clause):
        everything = (
            bool(_ALL.search(clause)) or "tasks" in clause.lower() or "phases" in clause.lower()
        )
        if re.search(r"\bphases?\b", clause, re.IGNORECASE):
            result.earlier_phases |= everything
            result.previous_phase |= not everything
        elif re.search(r"\btasks?\b|\bwork\b|\bitems\b|\bsteps\b", clause, re.IGNORECASE):
            result.earlier_tasks |= everything
            result.previous_task |= not everything
    elif _ALL.search(clause):
        result.vague = True


class _Reader:
    """The machine: remembers whether numbers now mean phases or tasks, and of which phase."""

    def __init__(self, result: Wanted) -> None:
        self._result = result
        self._mode: str | None = None
        self._pending: list[str] = []
        self._pending_ranges: list[tuple[str, str]] = []
        self._of_phase: str | None = None

    def read(self, text: str) -> None:
        for token in _TOKEN.finditer(text):
            kind = token.lastgroup
            if kind == "phase":
                self._settle()
                self._mode, self._of_phase = "phase", None
            elif kind == "task":
                self._enter_tasks(text, token.end())
            elif kind == "num":
                self._number(token[0])
            elif kind == "range":
                self._range(token[0])
            elif kind == "word":
                self._mode = None
        self._settle()

    def _enter_tasks(self, text: str, end: int) -> None:
        follows = re.match(r"[\s#_.:-]*\d", text[end : end + 8])
        direct = self._mode == "phase" and len(self._pending) == 1 and not self._pending_ranges
        if follows and direct:
            self._of_phase = self._pending.pop()
        else:
            self._settle()
            self._of_phase = None
        self._mode = "task"

    def _number(self, number: str) -> None:
        if self._mode == "phase":
            self._pending.append(number)
        elif self._mode == "task":
            self._result.tasks.append(TaskRef(number, self._of_phase))

    def _range(self, text: str) -> None:
        ends = re.findall(_NUM, text, re.IGNORECASE)
        if len(ends) < 2:
            return
        if self._mode == "phase":
            self._pending_ranges.append((ends[0], ends[-1]))
        elif self._mode == "task":
            self._result.tasks.append(TaskRef(ends[0], self._of_phase, ends[-1]))

    def _settle(self) -> None:
        self._result.phases += self._pending
        self._result.phase_ranges += self._pending_ranges
        self._pending, self._pending_ranges = [], []
