"""The words of a dependency value as single references, each with how it follows the one before.

The notations mix freely: in `Phase 4 Task 6, Task 2` the second task is of the current phase, in
`Phase 1 Task 6, Phase 2 Tasks` the second item is a whole phase. So the text is cut into words and
read by a small machine, which remembers whether numbers now mean phases or tasks.
"""

import re
from typing import Literal, NamedTuple

NUMBER = r"\d{1,6}(?:\.\d{1,6})*[a-z]?"
_WORD = re.compile(
    rf"(?P<phase>\bphases?(?![a-z]))|(?P<task>\b(?:sub-?)?tasks?(?![a-z]))"
    rf"|(?P<range>(?<![\w.]){NUMBER}\s*(?:-|–|—|\.\.|\bto\b|\bthrough\b)\s*(?:tasks?\s+)?{NUMBER}(?![\w%]))"
    rf"|(?P<num>(?<![\w.])(?:{NUMBER})(?![\w%])|(?<=phase)\d{{1,6}}\b|(?<=task){NUMBER}(?![\w%]))"
    r"|(?P<sep>[,;&+/]|\band\b|\bor\b)|(?P<word>[^\W\d_][\w'-]*)",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(r"[\s#_.:-]*\d")


class Reference(NamedTuple):
    """`number` of a phase or task as written; with `last` all from `number` to `last`.

    `phase` is the one that a task was said to be in; `sub` that the text says subtask; `or_else`
    that the reference is an alternative to the one before it.
    """

    kind: Literal["phase", "task"]
    number: str
    last: str | None = None
    phase: str | None = None
    sub: bool = False
    or_else: bool = False

    def __str__(self) -> str:
        end = f"-{self.last}" if self.last else ""
        return f"{self.kind} {f'{self.phase}.' if self.phase else ''}{self.number}{end}"


def references(text: str) -> list[Reference]:
    """The references in order. Numbers that neither "phase" nor "task" introduces are none."""
    return _Machine(text).read()


class _Machine:
    def __init__(self, text: str) -> None:
        self._text = text
        self._found: list[Reference] = []
        self._mode: Literal["phase", "task"] | None = None
        self._run = 0  # how many references there were when "phase" was last said
        self._of_phase: str | None = None
        self._sub = False
        self._or_else = False

    def read(self) -> list[Reference]:
        for token in _WORD.finditer(self._text):
            kind, word = token.lastgroup, token[0]
            if kind == "phase":
                self._mode, self._of_phase, self._run = "phase", None, len(self._found)
            elif kind == "task":
                self._enter_tasks(word, token.end())
            elif kind == "num":
                self._add(word)
            elif kind == "range":
                ends = re.findall(NUMBER, word, re.IGNORECASE)
                self._add(ends[0], ends[-1])
            elif kind == "sep":
                self._or_else = word.lower() == "or"
            else:
                self._mode = None
        return self._found

    def _enter_tasks(self, word: str, end: int) -> None:
        """`Phase 2 Task 3`: a single phase right before a task's number is where that task is."""
        self._of_phase = None
        direct = self._mode == "phase" and len(self._found) == self._run + 1
        if direct and not self._found[-1].last and _FOLLOWS.match(self._text, end, end + 8):
            place = self._found.pop()
            self._of_phase, self._or_else = place.number, place.or_else
        self._mode, self._sub = "task", word[:3].lower() == "sub"

    def _add(self, number: str, last: str | None = None) -> None:
        if self._mode == "phase":
            self._found.append(Reference("phase", number, last, or_else=self._or_else))
        elif self._mode == "task":
            self._found.append(
                Reference("task", number, last, self._of_phase, self._sub, self._or_else)
            )
        if self._mode:
            self._or_else = False
