"""What `doctor` looks at: each check takes plain facts and answers findings, with a cure for each.

A finding is `ok`, a `warning` (it works, but not as well as it could) or an `error` (something
will fail or already did).
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from callsheet.model.errors import CallsheetError

Level = Literal["ok", "warning", "error"]
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
OLDEST_SQLITE = (3, 37, 0)  # the first with STRICT tables
YEAR_OF_RELEASE_MS = 1_767_225_600_000  # 1 January 2026
CLOCK_STEP_MS = 5 * 60_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: what was looked at, what was found, and how to cure it."""

    level: Level
    subject: str
    what: str
    cure: str | None = None


def ok(subject: str, what: str) -> Finding:
    return Finding("ok", subject, what)


def refusal(subject: str, error: CallsheetError) -> Finding:
    """A refusal of one of our own parts is a finding as it stands."""
    return Finding("error", subject, error.what, error.next)


def python(version: tuple[int, int]) -> Finding:
    shown = ".".join(map(str, version))
    if version < OLDEST_PYTHON:
        return Finding("error", "python", f"Python {shown} is too old.", "Install 3.11 to 3.13.")
    if version > NEWEST_PYTHON:
        what = f"Python {shown} is newer than what callsheet is tested with."
        return Finding("warning", "python", what, "Use 3.11 to 3.13 if something misbehaves.")
    return ok("python", f"Python {shown}")


def sqlite(version: tuple[int, int, int], finding: str | None) -> Finding:
    """`finding` is what the store says about this version, None for nothing."""
    shown = ".".join(map(str, version))
    if version < OLDEST_SQLITE:
        cure = "Use a Python that is built with SQLite 3.37 or later."
        return Finding("error", "sqlite", f"SQLite {shown} is too old.", cure)
    if finding is not None:
        what, _, cure = finding.partition(": ")
        return Finding("warning", "sqlite", f"{what}.", f"{cure[:1].upper()}{cure[1:]}")
    return ok("sqlite", f"SQLite {shown}")


def clock(now_ms: int, newest_ms: int | None) -> Finding:
    """`newest_ms` is when the database was last written, None when there is none."""
    cure = "Set the computer's clock. Leases don't depend on it; times in reports do."
    if now_ms < YEAR_OF_RELEASE_MS:
        return Finding("error", "clock", "The computer's clock is years behind.", cure)
    if newest_ms is not None and newest_ms > now_ms + CLOCK_STEP_MS:
        behind = (newest_ms - now_ms) // 60_000
        what = f"The clock is {behind} minutes behind the last write to the database."
        return Finding("warning", "clock", what, cure)
    return ok("clock", "The clock agrees with the database.")


def writable(folders: Mapping[str, bool]) -> Iterator[Finding]:
    """`folders`: the path of each folder that callsheet writes to, and whether it may."""
    for folder, may in folders.items():
        if not may:
            cure = "Give yourself the right to write there."
            yield Finding("error", "folders", f"{folder} can't be written to.", cure)
    if all(folders.values()):
        yield ok("folders", f"{', '.join(folders)} can be written to.")


def file_system(network: str | None, allowed: bool) -> Finding:
    """`network` is the type of the network file system the project is on, None for a local one."""
    if network is None:
        return ok("disk", "The project is on a local file system.")
    cure = "Keep the project on a local disk; over a network, processes can't share the database."
    level: Level = "warning" if allowed else "error"
    return Finding(level, "disk", f"The project is on a network file system ({network}).", cure)


def promises(violations: Sequence[str]) -> Iterator[Finding]:
    """What the checker found in the event log and the tables."""
    if not violations:
        yield ok("promises", "The event log and the tables keep every promise.")
    for violation in violations[:20]:
        cure = "This is a fault of callsheet's: report it, with a copy made by `callsheet backup`."
        yield Finding("warning", "promises", f"A promise was not kept: {violation}.", cure)


def damage(database: str, sentences: list[str]) -> Iterator[Finding]:
    """`sentences` are what the integrity check says, a sentence each."""
    cure = "End all assistants and put the newest whole copy of .callsheet/backups/ in its place."
    for sentence in sentences:
        yield Finding("error", "database", sentence, cure)
    if not sentences:
        yield ok("database", f"{database} is whole.")


def foreign(database: str) -> Finding:
    cure = "Move it away; callsheet then makes its own."
    return Finding("error", "database", f"{database} belongs to another program.", cure)


def private(database: str, mode: int) -> Iterator[Finding]:
    if mode & 0o077:
        cure = f"chmod 600 {database}"
        yield Finding("warning", "database", f"{database} can be read by other users.", cure)


def markers(broken: Mapping[str, list[tuple[int, str]]]) -> Iterator[Finding]:
    """`broken`: status files, each with the lines of the markers in it that don't count, and why."""
    for file, marks in broken.items():
        for line, why in marks:
            cure = "Remove that line; callsheet leaves the text around it alone."
            yield Finding("warning", "status files", f"{file}:{line}: {why}", cure)
    if not any(broken.values()):
        yield ok("status files", "All of callsheet's markers in the status files are whole.")


def left_out(problems: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Files that a plan can't be read from: path and reason of each."""
    for path, why in problems:
        cure = "Put the file itself there if it belongs to a plan."
        yield Finding("warning", "plans", f"{path}: {why}", cure)


def sources(found: list[str]) -> Finding:
    """`found`: the plans that were found, each as `format path`."""
    if not found:
        cure = "Write one (callsheet.plan.yaml, or .claudio/), or let an assistant call add_tasks."
        return Finding("warning", "plans", "There is no plan in this project.", cure)
    return ok("plans", f"Found {', '.join(found)}.")


def missing_sources(loaded: Mapping[str, str], root: Path) -> Iterator[Finding]:
    """`loaded`: the plans in the database, each with the path it came from."""
    for plan, source in loaded.items():
        if source and not (root / source).exists():
            what = f"Plan {plan} was loaded from {source}, which is not there any more."
            cure = "Put it back to load changes from it; the tasks in the database are not touched."
            yield Finding("warning", "plans", what, cure)


def client_commands(servers: Mapping[str, str], file: str) -> Iterator[Finding]:
    """`servers`: the entries of a client's configuration that start callsheet, with commands."""
    for name, start in servers.items():
        if shutil.which(start) is None:
            what = f"{file} starts {name} with {start}, which is not there."
            cure = "Correct the command, or remove the entry and run `callsheet install` again."
            yield Finding("error", "clients", what, cure)
        else:
            yield ok("clients", f"{file} starts {name} with {start}.")
