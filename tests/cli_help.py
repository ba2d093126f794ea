"""Calling the command line in this process, and reading what it says."""

import json
import os
import sys
from typing import Any

from click.testing import CliRunner, Result

from callsheet.cli.main import callsheet


def run(*words: str, **environ: str) -> Result:
    """The command with these words; an exception that is no exit comes out."""
    result = CliRunner().invoke(callsheet, words, env={"COLUMNS": "120", **environ})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def call(*words: str, exit_code: int = 0) -> dict[str, Any]:
    """What the command answers with --json."""
    result = run(*words, "--json")
    assert result.exit_code == exit_code, result.output
    answer = json.loads(result.stdout)
    assert isinstance(answer, dict)
    return answer


def refused(*words: str) -> dict[str, str]:
    """The error that the command ends with."""
    error = call(*words, exit_code=1)["error"]
    assert set(error) == {"code", "message", "next"}
    assert error["next"]
    return dict(error)


def child_environ(**more: str) -> dict[str, str]:
    """The environment for a process of its own, which must find the code that is tested here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CALLSHEET_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **more}
