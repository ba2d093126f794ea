"""On a terminal lines move and have colours; elsewhere they don't."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from cli_help import call, child_environ

from callsheet.demo import stage


def on_a_terminal(*words: str, cwd: Path, **environ: str) -> str:
    """What the command writes to a terminal of 120 columns."""
    ours, theirs = pty.openpty()
    environ = child_environ(TERM="xterm-256color", COLUMNS="120", LINES="40", **environ)
    process = subprocess.Popen(
        [sys.executable, "-m", "callsheet", *words],
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env=environ,
    )
    os.close(theirs)
    written = b""
    while chunk := _read(ours):
        written += chunk
    os.close(ours)
    assert process.wait() == 0
    return written.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody writes any more
        return b""


def ended_run(project: Path) -> Path:
    stage.bundled(project, 4)
    for words in (("load",), ("run",), ("cancel",)):
        call(*words, "--project", str(project))
    return project


def test_watching_on_a_terminal_draws_coloured_bars(tmp_path: Path) -> None:
    page = on_a_terminal("status", "--watch", cwd=ended_run(tmp_path))
    assert "run 1 cancelled" in page
    assert "\x1b[" in page
    assert "\x1b[?25h" in page  # the cursor is shown again


def test_no_color_is_respected(tmp_path: Path) -> None:
    page = on_a_terminal("status", cwd=ended_run(tmp_path), NO_COLOR="1")
    assert "Selling and Redeeming" in page
    assert "\x1b[" not in page
