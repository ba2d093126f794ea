"""`callsheet doctor`: each planted problem is named with its cure, and nothing is changed."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cli_help import call, run

from callsheet.cli import checks
from callsheet.store.migrate import APPLICATION_ID, MIGRATIONS, migrations_in, statements_of

Findings = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have clients configured; they are none of the tests' business."""
    home = str(tmp_path_factory.mktemp("home"))
    for name in ("HOME", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, home)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that nothing is wrong with."""
    phase = tmp_path / ".claudio" / "phase1"
    phase.mkdir(parents=True)
    (phase / "tasks.md").write_text("# Phase 1\n\n## Task 1.1: First\n")
    return tmp_path


def database(
    project: Path, application_id: int = APPLICATION_ID, version: int | None = None
) -> Path:
    """A database with the real schema, claiming to be of this application and version."""
    folder = project / ".callsheet"
    folder.mkdir()
    file = folder / "state.db"
    steps = migrations_in(MIGRATIONS)
    with closing(sqlite3.connect(file)) as connection:
        for step in steps:
            for statement in statements_of(step.file.read_text()):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {application_id}")
        connection.execute(f"PRAGMA user_version = {len(steps) if version is None else version}")
        connection.commit()
    file.chmod(0o600)
    return file


def found(project: Path, level: str, subject: str) -> Findings:
    """What the doctor says about `subject` at that level; the exit code must fit."""
    expected = 1 if level == "error" else 0
    answer = call("doctor", "--project", str(project), exit_code=expected)
    return [f for f in answer["findings"] if (f["level"], f["subject"]) == (level, subject)]


def only(findings: Findings) -> str:
    (finding,) = findings
    assert finding["cure"]
    return f"{finding['what']} {finding['cure']}"


def listing(folder: Path) -> Iterator[tuple[str, int]]:
    return ((str(path), path.stat().st_mtime_ns) for path in sorted(folder.rglob("*")))


def test_a_healthy_project_has_no_errors_and_is_not_touched(project: Path) -> None:
    database(project)
    before = list(listing(project))
    answer = call("doctor", "--project", str(project))
    assert answer["errors"] == 0
    subjects = {finding["subject"] for finding in answer["findings"]}
    assert subjects >= {
        "python",
        "sqlite",
        "project",
        "folders",
        "disk",
        "database",
        "plans",
        "clock",
    }
    assert list(listing(project)) == before


def test_a_project_without_a_database_is_healthy_and_stays_without_one(project: Path) -> None:
    assert "There is none yet" in found(project, "ok", "database")[0]["what"]
    assert not (project / ".callsheet").exists()


def test_the_page_for_people_says_the_same(project: Path) -> None:
    page = run("doctor", "--project", str(project)).output
    assert "ok       python        Python 3." in page
    assert "0 errors" in page


def test_a_root_that_is_the_home_folder_is_an_error(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(project))
    assert "can't be a project" in only(found(project, "error", "project"))


def test_settings_that_cannot_be_read_are_an_error(project: Path) -> None:
    (project / "callsheet.toml").write_text("paralel = 3")
    assert "Did you mean `parallel`?" in only(found(project, "error", "project"))


def test_garbage_in_place_of_the_database_is_an_error(project: Path) -> None:
    database(project).write_bytes(b"garbage " * 100)
    assert "not an SQLite database" in only(found(project, "error", "database"))


def test_a_database_of_another_program_is_an_error(project: Path) -> None:
    database(project, application_id=7)
    assert "belongs to another program" in only(found(project, "error", "database"))


def test_a_database_of_a_newer_version_is_an_error(project: Path) -> None:
    database(project, version=999)
    said = only(found(project, "error", "database"))
    assert "999" in said and "Update callsheet" in said


def test_damage_inside_the_database_is_an_error(project: Path) -> None:
    file = database(project)
    content = bytearray(file.read_bytes())
    content[8192:12288] = b"\xff" * 4096  # the third page: some table or index
    file.write_bytes(content)
    findings = found(project, "error", "database")
    assert findings
    assert all("put the newest whole copy" in finding["cure"] for finding in findings)


def test_a_database_that_others_may_read_is_a_warning(project: Path) -> None:
    database(project).chmod(0o644)
    assert "chmod 600" in only(found(project, "warning", "database"))


def test_a_plan_whose_source_is_gone_is_a_warning(project: Path) -> None:
    with closing(sqlite3.connect(database(project))) as connection:
        connection.execute(
            "INSERT INTO plan (name, title, format, source, digest, loaded_at)"
            " VALUES ('main', 'Main', 'claudio', 'old/plan.md', '', 0)"
        )
        connection.commit()
    assert "old/plan.md" in only(found(project, "warning", "plans"))


def test_a_project_without_a_plan_is_a_warning(tmp_path: Path) -> None:
    assert "no plan" in only(found(tmp_path, "warning", "plans"))


def test_a_link_in_the_place_of_a_plan_is_a_warning(project: Path) -> None:
    (project / ".claudio" / "plan.md").symlink_to(project / "elsewhere.md")
    assert "plan.md" in only(found(project, "warning", "plans"))


def test_a_marker_without_its_partner_is_a_warning_with_the_line(project: Path) -> None:
    page = "# Status\n\n<!-- callsheet:begin plan=main rev=1 -->\nmine\n"
    (project / ".claudio" / "status.md").write_text(page)
    assert ".claudio/status.md:3" in only(found(project, "warning", "status files"))


def test_a_client_that_starts_a_missing_command_is_an_error(project: Path) -> None:
    entry = {"command": "/no/such/callsheet", "args": ["serve"]}
    (project / ".mcp.json").write_text(json.dumps({"mcpServers": {"callsheet": entry}}))
    assert "/no/such/callsheet, which is not there" in only(found(project, "error", "clients"))


def test_other_servers_of_a_client_are_none_of_our_business(project: Path) -> None:
    servers = {"other": {"command": "/no/such/thing", "args": []}, "remote": {"url": "x"}}
    (project / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))
    assert call("doctor", "--project", str(project))["errors"] == 0


def test_a_broken_client_configuration_is_an_error(project: Path) -> None:
    (project / ".mcp.json").write_text("{")
    assert "Repair the file" in only(found(project, "error", "clients"))


def test_a_folder_that_cannot_be_written_to_is_an_error(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = os.access  # root may write anywhere, so the system's answer is simulated
    monkeypatch.setattr(os, "access", lambda p, mode: mode != os.W_OK and plain(p, mode))
    assert all("can't be written to" in f["what"] for f in found(project, "error", "folders"))


def test_versions_are_judged() -> None:
    assert checks.python((3, 10)).level == "error"
    assert checks.python((3, 12)).level == "ok"
    assert checks.python((3, 99)).level == "warning"
    assert checks.sqlite((3, 30, 0), None).level == "error"
    assert checks.sqlite((3, 45, 0), "SQLite has a bug: beware.").what == "SQLite has a bug."
    assert checks.sqlite((3, 51, 3), None).level == "ok"


def test_a_network_file_system_is_an_error_unless_it_is_allowed() -> None:
    assert checks.file_system("nfs4", allowed=False).level == "error"
    assert checks.file_system("nfs4", allowed=True).level == "warning"
    assert checks.file_system(None, allowed=False).level == "ok"


def test_a_clock_that_went_back_is_noticed() -> None:
    now = 1_800_000_000_000
    assert checks.clock(now, now - 1).level == "ok"
    assert "60 minutes behind" in checks.clock(now, now + 3_600_000).what
    assert checks.clock(1_000, None).level == "error"
