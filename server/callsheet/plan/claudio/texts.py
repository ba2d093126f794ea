"""Opens the files of a tree as outlines, and says what in them could not be read as Markdown."""

import re

from callsheet.plan.claudio.notes import Notes
from callsheet.plan.outline import MAX_SYNTAX_CHARS, Outline, scan
from callsheet.plan.sources import SourceFiles, without_own_blocks

_TASK = re.compile(r"#{2,5}[ \t]+Task[ \t]+\d")


class Texts:
    """The files of one tree."""

    def __init__(self, files: SourceFiles, notes: Notes) -> None:
        self._files = files
        self._notes = notes

    def outline(self, path: str) -> Outline:
        """The scanned file; a fence that never ends is read as text and reported."""
        outline = scan(without_own_blocks(self._files[path]))
        lines = outline.lines
        for line in outline.unclosed:
            message = "This fence or comment never ends; what follows it was read as plan text."
            self._notes.add("warning", "UNCLOSED_FENCE", message, path, line + 1, lines[line])
        if len(max(lines, key=len)) > MAX_SYNTAX_CHARS:
            self._long_lines(outline, path)
        return outline

    def _long_lines(self, outline: Outline, path: str) -> None:
        for line, text in enumerate(outline.lines):
            if len(text) > MAX_SYNTAX_CHARS and not outline.hidden[line]:
                message = f"This line has {len(text)} characters; it was read as text only."
                self._notes.add("warning", "LONG_LINE", message, path, line + 1, text)

    def note_hidden_tasks(self, outline: Outline, path: str) -> None:
        """Say which task headings stand inside fences and comments."""
        if not any(outline.hidden):
            return
        for line, text in enumerate(outline.lines):
            if outline.hidden[line] and _TASK.match(text):
                message = (
                    "This looks like a task heading but stands inside a fence; it was not read."
                )
                self._notes.add("info", "TASK_IN_FENCE", message, path, line + 1, text)
