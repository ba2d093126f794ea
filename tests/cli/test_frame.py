"""What every command promises: exit codes, errors in two forms, help, no tracebacks."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_help import refused, run
from click.testing import CliRunner

from callsheet import __version__
from callsheet.cli.frame import Call, command
from callsheet.cli.main import COMMANDS
from callsheet.model.errors import CallsheetError


def test_every_command_has_help_json_project_and_the_exit_codes() -> None:
    for name in COMMANDS:
        shown = run(name, "--help")
        assert shown.exit_code == 0
        for said in ("--json", "--project", "Exit codes: 0 done, 1 refused or failed"):
            assert said in shown.output, name


def test_the_version_is_told_without_importing_what_only_commands_need() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['callsheet', '--version']\n"
        "from callsheet.__main__ import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n"
        "    heavy = {'mcp', 'rich', 'pydantic', 'sqlite3', 'yaml', 'markdown_it'} & set(sys.modules)\n"
        "    sys.exit(f'{end.code} {heavy}' if end.code or heavy else 0)\n"
    )
    path = [part for part in sys.path if part]
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(path)},
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"callsheet {__version__}\n"


def test_a_refusal_goes_to_stderr_with_its_code_and_exit_1(tmp_path: Path) -> None:
    result = run("init", "--project", str(tmp_path / "missing"))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("BAD_ARGUMENT: The project's folder ")
    assert result.stderr.endswith("Name an existing folder.\n")


def test_a_refusal_with_json_goes_to_stdout(tmp_path: Path) -> None:
    error = refused("init", "--project", str(tmp_path / "missing"))
    assert error["code"] == "BAD_ARGUMENT"
    assert error["next"] == "Name an existing folder."


@pytest.mark.parametrize("words", [("nothing",), ("init", "--nothing"), ("install", "emacs")])
def test_wrong_usage_ends_with_2(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_refusals_from_within_a_task_group_come_out_as_themselves() -> None:
    @command("grouped", show=lambda answer: ())
    async def grouped(call: Call) -> None:
        refusal = CallsheetError("NO_RUN", "Nothing runs.", "Start a run.")
        raise ExceptionGroup("inner", [ExceptionGroup("outer", [refusal])])

    result = CliRunner().invoke(grouped, ["--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["code"] == "NO_RUN"


def test_an_error_of_the_system_is_a_refusal_and_no_traceback(tmp_path: Path) -> None:
    @command("broken", show=lambda answer: ())
    def broken(call: Call) -> None:
        (tmp_path / "missing").read_bytes()

    result = CliRunner().invoke(broken, [])
    assert result.exit_code == 1
    assert result.stderr.startswith("NOT_ALLOWED: ")
    assert "No such file" in result.stderr


def test_an_error_quotes_foreign_text_harmlessly() -> None:
    @command("hostile", show=lambda answer: ())
    def hostile(call: Call) -> None:
        raise CallsheetError("BAD_PLAN", "Task \x1b[2Jx\n\u202ey is odd.", "Correct it.")

    assert "\x1b" not in CliRunner().invoke(hostile, []).stderr
    assert "\\u001b" in CliRunner().invoke(hostile, ["--json"]).stdout


@pytest.mark.parametrize(("endless", "exit_code"), [(True, 0), (False, 1)])
def test_an_interrupt_ends_quietly(endless: bool, exit_code: int) -> None:
    @command("interrupted", show=lambda answer: (), endless=endless)
    def interrupted(call: Call) -> None:
        raise KeyboardInterrupt

    result = CliRunner().invoke(interrupted, [])
    assert (result.exit_code, result.output) == (exit_code, "")


def test_a_server_that_cannot_start_says_why_and_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "callsheet.toml").write_text("paralel = 3")
    result = run("serve", "--project", str(tmp_path))
    assert result.exit_code == 1
    assert "Did you mean `parallel`?" in result.stderr


def test_a_path_in_a_linked_worktree_is_looked_up_in_the_main_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, linked = tmp_path / "main", tmp_path / "linked"
    private = main / ".git" / "worktrees" / "linked"
    for folder in (private, main / ".claudio", linked / ".claudio"):
        folder.mkdir(parents=True)
    (linked / ".git").write_text(f"gitdir: {private}\n")
    (private / "gitdir").write_text(f"{linked / '.git'}\n")
    (private / "commondir").write_text("../..\n")
    monkeypatch.chdir(linked)
    assert Call(None, False).placed(".claudio") == (main, ".claudio")


def test_a_named_path_belongs_to_the_nearest_marked_project_else_to_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "plan.md").touch()
    (tmp_path / "inner" / ".claudio").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert Call(None, False).placed("docs/plan.md") == (tmp_path, "docs/plan.md")
    assert Call(None, False).placed("inner/.claudio") == (tmp_path / "inner", ".claudio")
    assert Call(None, False).placed(None) == (tmp_path, None)
    assert Call("inner", False).placed("inner/.claudio") == (tmp_path / "inner", ".claudio")
    with pytest.raises(CallsheetError, match="BAD_ARGUMENT"):
        Call(None, False).placed("missing")
