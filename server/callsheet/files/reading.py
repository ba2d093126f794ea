"""Collecting a plan's sources: which files there are below a folder, and what is in them.

Nothing is followed that could lead out of the root, and nothing that was left out goes unsaid:
each link, unreadable file or folder too deep is a `Problem`, which the caller turns into a
diagnostic. Who wants which file is told by a predicate over paths, so that formats stay apart
from the disk.
"""

import itertools
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from callsheet.files import inside
from callsheet.model.errors import CallsheetError
from callsheet.plan.draft import MAX_PLAN_BYTES

Wants = Callable[[str], bool]
"""Whether a file is wanted, by its path relative to the root, with `/`."""

SKIPPED_FOLDERS = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        "node_modules",
        ".venv",
        "venv",
        "site-packages",
        "__pycache__",
        ".tox",
        ".nox",
        ".cache",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
    }
)
"""Folders that hold other people's files, or none that anybody wrote."""

ProblemKind = Literal["link", "unreadable", "not_a_file", "too_deep", "odd_name"]

_STATE_FOLDER, _STATE_PLANS = ".callsheet", "plans"


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a walk goes: folders below each other, entries looked at, bytes read."""

    depth: int = 24
    entries: int = 250_000
    total_bytes: int = MAX_PLAN_BYTES


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was left out. `path` is relative to the root; `message` whole sentences."""

    path: str
    kind: ProblemKind
    message: str


@dataclass(frozen=True, slots=True)
class Walked:
    """The wanted files in a stable order, and what was left out."""

    files: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Collected:
    """The wanted files' content by path, in a stable order, and what was left out."""

    files: dict[str, bytes]
    problems: tuple[Problem, ...]


def collect(root: Path, wants: Wants, *, top: str = ".", limits: Limits = Limits()) -> Collected:
    """Read every wanted file at or below `top`.

    Errors: TOO_LARGE when they hold more than `limits.total_bytes` together or there is too much
    to look through, NOT_ALLOWED when `top` itself leads out of the root or is a link.
    """
    walked = walk(root, wants, top=top, limits=limits)
    problems = list(walked.problems)
    files: dict[str, bytes] = {}
    left = limits.total_bytes
    for path in walked.files:
        try:
            seen = inside.look(root, path, left)
        except CallsheetError as error:
            if error.code == "TOO_LARGE":
                raise inside.too_large(top, limits.total_bytes) from None
            problems.append(Problem(path, "unreadable", error.what))
        except OSError as error:
            problems.append(Problem(path, "unreadable", f"It cannot be read: {error.strerror}."))
        else:
            if seen is not None:  # a file that vanished since the walk is simply not there
                files[path] = seen.data
                left -= len(seen.data)
    return Collected(files, tuple(problems))


def walk(root: Path, wants: Wants, *, top: str = ".", limits: Limits = Limits()) -> Walked:
    """The wanted files at or below `top`, without reading them.

    Links are reported, never followed. Folders of version control, packages and caches are passed
    over. Errors as for `collect`.
    """
    parts = inside.components(top)
    search = _Search(wants, limits)
    with ExitStack() as opened:
        try:
            start = opened.enter_context(inside.folder(root, parts))
        except FileNotFoundError:
            return Walked((), ())
        except CallsheetError:
            return _file_alone(root, "/".join(parts), wants, limits)
        search.enter(start, "/".join(parts), limits.depth)
    return Walked(tuple(search.files), tuple(search.problems))


def _file_alone(root: Path, path: str, wants: Wants, limits: Limits) -> Walked:
    """What a walk finds whose top is no folder: a file, or a refusal."""
    found = inside.look(root, path, limits.total_bytes) is not None
    return Walked((path,) if found and wants(path) else (), ())


class _Search:
    """One walk's findings so far, and how much it may still look at."""

    def __init__(self, wants: Wants, limits: Limits) -> None:
        self.files: list[str] = []
        self.problems: list[Problem] = []
        self._wants = wants
        self._limits = limits
        self._entries_left = limits.entries

    def enter(self, folder: int, path: str, depth: int) -> None:
        """Look through one open folder and the folders below it, in order of names."""
        for entry in self._entries(folder):
            below = f"{path}/{entry.name}" if path else entry.name
            if entry.is_dir(follow_symlinks=False):
                if not _is_skipped(path, entry.name):
                    self._descend(folder, entry.name, below, depth - 1)
            elif entry.is_symlink():
                if entry.name not in SKIPPED_FOLDERS:
                    self._leave_out(below, "link", "It is a link; links are not followed.")
            elif self._wants(below):
                self._take(entry, below)

    def _entries(self, folder: int) -> list[os.DirEntry[str]]:
        with os.scandir(folder) as scan:
            entries = list(itertools.islice(scan, self._entries_left + 1))
        self._entries_left -= len(entries)
        if self._entries_left < 0:
            raise CallsheetError(
                "TOO_LARGE",
                f"There are more than {self._limits.entries:,} files and folders to look through.",
                "Name the plan's own file or folder, so that only that is searched.",
            )
        return sorted(entries, key=lambda entry: entry.name)

    def _descend(self, folder: int, name: str, path: str, depth: int) -> None:
        if depth < 0:
            message = f"It is more than {self._limits.depth} folders deep and was not searched."
            self._leave_out(path, "too_deep", message)
            return
        try:
            following = inside.step(folder, name, path)
        except FileNotFoundError:
            return  # removed a moment ago
        except CallsheetError as error:
            self._leave_out(path, "unreadable", error.what)
            return
        try:
            self.enter(following, path, depth)
        finally:
            os.close(following)

    def _take(self, entry: os.DirEntry[str], path: str) -> None:
        if not entry.is_file(follow_symlinks=False):
            message = "It is not a regular file; pipes, sockets and devices are not read."
            self._leave_out(path, "not_a_file", message)
        elif not _is_text(path):
            self._leave_out(path, "odd_name", "Its name is not valid UTF-8; rename it.")
        else:
            self.files.append(path)

    def _leave_out(self, path: str, kind: ProblemKind, message: str) -> None:
        shown = os.fsencode(path).decode("utf-8", "replace")
        self.problems.append(Problem(shown, kind, message))


def _is_skipped(path: str, name: str) -> bool:
    """Whether a folder is passed over. Of callsheet's own only the plans are looked at."""
    if path.rpartition("/")[2] == _STATE_FOLDER:
        return name != _STATE_PLANS
    return name in SKIPPED_FOLDERS


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
