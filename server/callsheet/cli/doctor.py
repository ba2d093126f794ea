"""`callsheet doctor`: every problem that can be found from outside, and its cure.

This module gathers the facts; what they mean is said in `checks`. It never creates or changes
anything, so that it can be run on a project in any condition.
"""

import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import get_args

import click

from callsheet.cli import checks, clients
from callsheet.cli.checks import Finding
from callsheet.cli.frame import Call, command
from callsheet.cli.install import MAX_CONFIG_BYTES, config_file
from callsheet.cli.text import say, screen_width
from callsheet.files import inside, reading
from callsheet.files.block import broken_markers
from callsheet.model.errors import CallsheetError
from callsheet.plan.detect import detect, wanted_by_any
from callsheet.settings import Settings
from callsheet.store import backup, migrate
from callsheet.store.connections import connect_to_look
from callsheet.store.failures import newer
from callsheet.store.hop import feed
from callsheet.store.mounts import network_type

STATUS_FILES = ("status.md", "phase_status.md", "phase-status.md")
MAX_STATUS_BYTES = 10_000_000
INDENT = 23
COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings; `project` is None when none could be found."""

    project: str | None
    findings: tuple[Finding, ...]
    errors: int
    warnings: int


def _show(answer: Diagnosis) -> Iterator[str]:
    width = max(40, screen_width() - INDENT)
    for finding in answer.findings:
        level = click.style(f"{finding.level:<7}", fg=COLOURS[finding.level])
        texts = [say(text, 2000) for text in (finding.what, finding.cure) if text]
        first, *rest = [line for text in texts for line in wrap(text, width)]
        yield f"{level}  {finding.subject:<12}  {first}"
        yield from (" " * INDENT + line for line in rest)
    yield f"{answer.errors} errors, {answer.warnings} warnings"


@command("doctor", show=_show, failed=lambda answer: answer.errors > 0)
def doctor(call: Call) -> Diagnosis:
    """Look for problems and name the cures.

    Looks at software, disk, database, status files, plans and clients, and changes nothing. Ends with exit code 1 when something is wrong.
    """
    findings = [checks.python(sys.version_info[:2])]
    findings.append(checks.sqlite(sqlite3.sqlite_version_info, backup.sqlite_finding()))
    project = None
    try:
        root = call.root()
        project = str(root)
        findings += examine(root, call.settings(root))
    except CallsheetError as error:
        findings.append(checks.refusal("project", error))
    levels = [finding.level for finding in findings]
    return Diagnosis(project, tuple(findings), levels.count("error"), levels.count("warning"))


def examine(root: Path, settings: Settings) -> Iterator[Finding]:
    """All that can be said about one project."""
    yield checks.ok("project", f"The project is {root}.")
    own = root / ".callsheet"
    folders = [folder for folder in (root, own, root / ".claudio") if folder.is_dir()]
    yield from checks.writable({str(folder): os.access(folder, os.W_OK) for folder in folders})
    yield checks.file_system(network_type(own if own.is_dir() else root), settings.allow_network_fs)
    yield from _database(own / "state.db")
    yield from _promises(own / "state.db", settings)
    yield from _plans(root)
    for client in get_args(clients.Client):
        yield from _client(client, root)


def _database(database: Path) -> Iterator[Finding]:
    """Nothing of a database that belongs to somebody else is looked at."""
    now_ms = time.time_ns() // 1_000_000
    try:
        found = migrate.inspect(database)
        if found is None:
            yield checks.ok("database", "There is none yet; it is made when a plan is loaded.")
            yield checks.clock(now_ms, None)
            return
        known = len(migrate.migrations_in(migrate.MIGRATIONS))
        if found.application_id != migrate.APPLICATION_ID:
            yield checks.foreign(str(database))
            return
        if found.version > known:
            raise newer(database, found.version, known)
    except CallsheetError as error:
        yield checks.refusal("database", error)
        return
    yield from checks.damage(str(database), backup.integrity(database))
    yield from checks.private(str(database), database.stat().st_mode)
    yield checks.clock(now_ms, database.stat().st_mtime_ns // 1_000_000)


def _promises(database: Path, settings: Settings) -> Iterator[Finding]:
    """Whether tables and event log keep what callsheet promises; nothing is said of no database."""
    from callsheet.app import policy_from  # late: the engine
    from callsheet.engine.checker import check
    from callsheet.engine.facts import read_facts

    try:
        connection = connect_to_look(database)
    except (sqlite3.Error, CallsheetError):
        return
    try:
        connection.execute("BEGIN")  # one snapshot, whoever writes meanwhile
        facts = feed(connection, read_facts())
    except sqlite3.Error:
        return  # whatever is wrong with it was found before
    finally:
        connection.close()
    yield from checks.promises([f"{v.rule}: {v.what}" for v in check(facts, policy_from(settings))])


def _plans(root: Path) -> Iterator[Finding]:
    try:
        walked = reading.walk(root, wanted_by_any)
    except CallsheetError as error:
        yield checks.refusal("plans", error)
        return
    yield checks.sources([f"{found.format} {found.path}" for found in detect(walked.files)])
    yield from checks.left_out((problem.path, problem.message) for problem in walked.problems)
    yield from checks.missing_sources(_loaded_sources(root / ".callsheet" / "state.db"), root)
    broken: dict[str, list[tuple[int, str]]] = {}
    for path in walked.files:
        if path.rsplit("/", 1)[-1].lower() in STATUS_FILES:
            seen = inside.look(root, path, MAX_STATUS_BYTES)
            marks = broken_markers(seen.data) if seen else ()
            broken[path] = [(mark.line, mark.why) for mark in marks]
    yield from checks.markers(broken)


def _loaded_sources(database: Path) -> dict[str, str]:
    """The plans in the database, each with the path it came from; none when it can't be read."""
    try:
        connection = connect_to_look(database)
    except (sqlite3.Error, CallsheetError):
        return {}
    try:
        return dict(connection.execute("SELECT name, source FROM plan"))
    except sqlite3.Error:
        return {}  # whatever is wrong with it was found before
    finally:
        connection.close()


def _client(client: clients.Client, root: Path) -> Iterator[Finding]:
    try:
        file = config_file(client, root).resolve()
        seen = inside.look(file.parent, file.name, MAX_CONFIG_BYTES)
        if seen is None:
            return
        whole = clients.parsed(seen.data.decode("utf-8-sig", "replace"), str(file))
    except CallsheetError as error:
        yield checks.refusal("clients", error)
    else:
        yield from checks.client_commands(clients.commands(whole), str(file))
