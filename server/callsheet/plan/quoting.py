"""Which lines of a Markdown file only show something: fenced code, comments that span lines.

Whoever writes callsheet's blocks and whoever leaves them out when a plan is read must agree on
what is a block and what is an example of one. So both ask here. It works on bytes, because a file
that callsheet writes into is somebody else's and need not be valid text.
"""

import re

_FENCE = re.compile(rb" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_COMMENT = re.compile(rb" {0,3}<!--")


class Quoting:
    """Tells, line after line, whether a line is inside fenced code or a comment, or opens one."""

    def __init__(self) -> None:
        self._fence = b""
        self._comment = False

    def covers(self, text: bytes) -> bool:
        """Take the next line; True when a marker or heading in it would be only quoted."""
        if self._fence:
            if _closes(text, self._fence):
                self._fence = b""
            return True
        if self._comment:
            self._comment = b"-->" not in text
            return True
        if opened := _FENCE.match(text):
            self._fence = opened[1]
            return True
        self._comment = bool(_COMMENT.match(text)) and b"-->" not in text
        return self._comment


def _closes(text: bytes, fence: bytes) -> bool:
    mark = text.strip()
    return len(mark) >= len(fence) and not mark.strip(fence[:1]) and not text.startswith(b"    ")
