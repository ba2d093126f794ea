"""The text of a plan's files, as parsers see it.

Parsers never touch the disk. Somebody who may read it collects the bytes; `decode` turns them into
clean text and reports what was wrong with them. `without_own_blocks` blanks what callsheet itself
wrote, so that its own status pages are never read back as a plan.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping

from callsheet.plan.draft import Diagnostic

SourceFiles = Mapping[str, str]
"""Path relative to the project root, with `/`, to decoded text with `\\n` line ends."""

_BEGIN = re.compile(r"<!-- callsheet:begin(?: [^\n]*)?-->[ \t]*\Z")
_END = re.compile(r"<!-- callsheet:end -->[ \t]*\Z")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def decode(data: bytes, path: str) -> tuple[str, list[Diagnostic]]:
    """The text of a file and what was repaired in it. Never fails.

    A byte order mark is dropped, line ends become `\\n`, bytes that are not UTF-8 become U+FFFD,
    and control characters other than tab and line feed are removed.
    """
    problems: list[Diagnostic] = []
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", errors="replace")
        line = data.count(b"\n", 0, error.start) + 1
        message = "The file is not valid UTF-8; unreadable bytes were replaced by U+FFFD."
        problems.append(Diagnostic("warning", "INVALID_UTF8", message, path, line))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first = _CONTROL.search(text)
    if first is None:
        return text, problems
    clean, count = _CONTROL.subn("", text)
    message = f"{count} control characters were removed."
    line = text.count("\n", 0, first.start()) + 1
    problems.append(Diagnostic("warning", "CONTROL_CHARACTERS", message, path, line))
    return clean, problems


def without_own_blocks(text: str) -> str:
    """`text` with callsheet's own blocks blanked, lines kept so that line numbers stay right.

    A begin marker that meets another begin before its end is the user's text and stays.
    """
    if "<!-- callsheet:begin" not in text:
        return text
    lines = text.split("\n")
    begin: int | None = None
    for number, line in enumerate(lines):
        if _BEGIN.match(line):
            begin = number
        elif begin is not None and _END.match(line):
            lines[begin : number + 1] = [""] * (number + 1 - begin)
            begin = None
    return "\n".join(lines)


def digest(files: SourceFiles, paths: Iterable[str]) -> str:
    """sha256 over the named files without callsheet's own blocks; the same text, the same digest.

    A file that holds nothing but callsheet's block counts as absent: writing a status page for
    the first time must not make the plan look changed.
    """
    total = hashlib.sha256()
    for path in sorted(paths):
        text = without_own_blocks(files[path]).strip()
        if text:
            body = text.encode("utf-8", "surrogatepass")
            total.update(f"{path}\0{len(body)}\0".encode("utf-8", "surrogatepass"))
            total.update(body)
    return total.hexdigest()
