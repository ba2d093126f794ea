"""The shape of the code: who may import whom, and how long things may get."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = ("server", "tools")
MOST_MODULE_LINES = 300
MOST_FUNCTION_LINES = 45
Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def body_lines(function: Function) -> int:
    """Lines from `def` to the end, without the docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines


def test_no_layer_imports_one_above_it() -> None:
    lint = "from importlinter.cli import lint_imports_command as lint; lint()"
    done = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_no_module_is_longer_than_300_lines() -> None:
    lengths = {named(p): len(p.read_text(encoding="utf-8").splitlines()) for p in modules(*CODE)}
    assert {name: n for name, n in lengths.items() if n > MOST_MODULE_LINES} == {}


def test_no_function_is_longer_than_45_lines() -> None:
    lengths = {
        f"{named(path)}:{function.name}": body_lines(function)
        for path in modules(*CODE)
        for function in functions(path)
    }
    assert {name: n for name, n in lengths.items() if n > MOST_FUNCTION_LINES} == {}


def test_every_module_says_why_it_exists() -> None:
    silent = [
        named(path)
        for path in modules(*CODE)
        if ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
    ]
    assert silent == []


def test_no_test_sleeps() -> None:
    """A test that waits for time to pass is slow on a fast machine and fails on a slow one."""
    sleeping = [
        f"{named(path)}:{node.lineno}"
        for path in modules("tests")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _is_sleep(node)
    ]
    assert sleeping == []


def _is_sleep(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    passing = call.args[0] if call.args else None
    yields = isinstance(passing, ast.Constant) and passing.value == 0  # only lets others go on
    return name == "sleep" and not yields
