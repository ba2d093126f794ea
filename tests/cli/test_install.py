"""`callsheet install`: what stands in a client's configuration is never overwritten."""

import json
from pathlib import Path, PurePosixPath

import pytest
from cli_help import call, refused

from callsheet.cli import clients

ENTRY = {"command": "callsheet", "args": ["serve"]}


def installed(project: Path, *words: str) -> dict[str, object]:
    return call("install", "claude-code", "--write", "--project", str(project), *words)


def config(project: Path) -> Path:
    return project / ".mcp.json"


def test_without_write_nothing_is_changed(tmp_path: Path) -> None:
    answer = call("install", "claude-code", "--project", str(tmp_path))
    assert answer["state"] == "printed"
    assert json.loads(str(answer["config"]))["mcpServers"]["callsheet"]["args"][-1] == "serve"
    assert str(answer["command_line"]).startswith("claude mcp add --scope project callsheet -- ")
    assert not config(tmp_path).exists()


def test_a_missing_file_is_made_and_a_second_time_nothing_changes(tmp_path: Path) -> None:
    first, second = installed(tmp_path), installed(tmp_path)
    assert (first["state"], second["state"]) == ("written", "unchanged")
    assert list(json.loads(config(tmp_path).read_text())["mcpServers"]) == ["callsheet"]


def test_everything_else_in_the_file_stays_and_so_does_a_copy_of_it(tmp_path: Path) -> None:
    old = json.dumps({"theme": "é", "mcpServers": {"other": {"command": "x", "args": []}}})
    config(tmp_path).write_text(old, encoding="utf-8")
    config(tmp_path).chmod(0o640)
    answer = installed(tmp_path)
    new = json.loads(config(tmp_path).read_text(encoding="utf-8"))
    assert new["theme"] == "é"
    assert list(new["mcpServers"]) == ["other", "callsheet"]
    assert Path(str(answer["backup"])).read_text(encoding="utf-8") == old
    assert config(tmp_path).stat().st_mode & 0o777 == 0o640


def test_an_entry_of_the_same_name_that_differs_stays(tmp_path: Path) -> None:
    old = json.dumps({"mcpServers": {"callsheet": {"command": "mine"}}})
    config(tmp_path).write_text(old)
    error = refused("install", "claude-code", "--write", "--project", str(tmp_path))
    assert error["code"] == "CONFLICT"
    assert config(tmp_path).read_text() == old
    assert installed(tmp_path, "--name", "callsheet-2")["state"] == "written"


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"mcpServers": []}', '{"a": 1, "a": 2}', '{"a": 1} // mine']
)
def test_a_file_that_is_not_plain_json_is_refused_and_stays(tmp_path: Path, text: str) -> None:
    config(tmp_path).write_text(text)
    error = refused("install", "claude-code", "--write", "--project", str(tmp_path))
    assert error["code"] == "BAD_ARGUMENT"
    assert str(config(tmp_path)) in error["message"]
    assert config(tmp_path).read_text() == text


def test_a_second_change_keeps_the_copy_of_the_first(tmp_path: Path) -> None:
    config(tmp_path).write_text('{"mcpServers": {"one": {"command": "x"}}}')
    first = installed(tmp_path)
    second = installed(tmp_path, "--name", "again")
    assert first["backup"] != second["backup"]
    assert Path(str(first["backup"])).exists() and Path(str(second["backup"])).exists()


def test_a_link_to_a_file_kept_elsewhere_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    kept = tmp_path / "kept.json"
    kept.write_text("{}")
    config(tmp_path / "project").symlink_to(kept)
    installed(tmp_path / "project")
    assert config(tmp_path / "project").is_symlink()
    assert "callsheet" in json.loads(kept.read_text())["mcpServers"]


def test_claude_desktop_is_told_the_project_and_where_the_command_is(tmp_path: Path) -> None:
    root = PurePosixPath("/shop")
    entry = clients.server_entry("claude-desktop", root, "/bin/callsheet", "/bin/python")
    assert entry == {"command": "/bin/callsheet", "args": ["serve", "--project", "/shop"]}
    without = clients.server_entry("claude-desktop", root, None, "/bin/python", "worker")
    assert without["command"] == "/bin/python"
    assert without["args"][:3] == ["-m", "callsheet", "serve"]
    assert without["args"][-2:] == ["--profile", "worker"]


def test_claude_code_is_told_the_bare_command_where_that_is_enough() -> None:
    entry = clients.server_entry("claude-code", PurePosixPath("/shop"), "/bin/callsheet", "python")
    assert entry == ENTRY


@pytest.mark.parametrize(
    ("platform", "environ", "folder"),
    [
        ("darwin", {}, "home/Library/Application Support/Claude"),
        ("win32", {"APPDATA": "roaming"}, "roaming/Claude"),
        ("linux", {}, "home/.config/Claude"),
        ("linux", {"XDG_CONFIG_HOME": "xdg"}, "xdg/Claude"),
    ],
)
def test_each_platform_keeps_the_configuration_of_claude_desktop_elsewhere(
    platform: str, environ: dict[str, str], folder: str
) -> None:
    assert clients.desktop_folder(platform, environ, Path("home")) == Path(folder)


def test_claude_desktop_gets_its_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr("sys.platform", "linux")
    project = tmp_path / "project"
    project.mkdir()
    answer = call("install", "claude-desktop", "--write", "--project", str(project))
    file = tmp_path / "xdg" / "Claude" / "claude_desktop_config.json"
    assert answer["file"] == str(file)
    assert json.loads(file.read_text())["mcpServers"]["callsheet"]["args"][-1] == str(project)
