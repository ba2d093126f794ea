"""The text of a plan's files, as parsers see it.

Parsers never touch the disk. Somebody who may read it collects the bytes; `decode` turns them into
clean text and reports what was wrong with them. `without_own_blocks` blanks what callsheet itself
wrote, so that its own status pages are never read back as a plan.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping

from callsheet.plan.draft import Diagnostic
from callsheet.plan.quoting import Quoting

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

    What only looks like one stays: a begin marker that meets another before its end, and a block
    that is shown as an example, inside fenced code or a comment.
    """
    if "<!-- callsheet:begin" not in text:
        return text
    lines = text.split("\n")
    quoting = Quoting()
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if quoting.covers(line.encode("utf-8", "surrogatepass")) or not _BEGIN.match(line):
            continue
        end = _end_of(lines, number)
        if end is not None:
            lines[number - 1 : end + 1] = [""] * (end + 2 - number)
            number = end + 1
    return "\n".join(lines)


def _end_of(lines: list[str], start: int) -> int | None:
    for number in range(start, len(lines)):
        if _END.match(lines[number]):
            return number
        if _BEGIN.match(lines[number]):
            return None
    return None


def digest(files: SourceFiles, paths: Iterable[str]) -> str:
    """sha256 over the named files without callsheet's own blocks; the same text, the same digest.

    Putting a block into a file, or making a file for one, must not make the plan look changed. So
    in Markdown blank lines don't count, which stand around a block, and a file that holds nothing
    else counts as absent.
    """
    total = hashlib.sha256()
    for path in sorted(paths):
        text = without_own_blocks(files[path]).strip()
        if path.lower().endswith(".md"):
            text = "\n".join(line for line in text.split("\n") if line.strip())
        if text:
            body = text.encode("utf-8", "surrogatepass")
            total.update(f"{path}\0{len(body)}\0".encode("utf-8", "surrogatepass"))
            total.update(body)
    return total.hexdigest()
