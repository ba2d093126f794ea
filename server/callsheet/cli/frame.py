"""What all commands have in common: `--project`, `--json`, exit codes, and errors without tracebacks.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage. A refusal goes to stderr as
`CODE: what happened. What to do next.`; with `--json` it goes to stdout as
`{"error": {"code", "message", "next"}}`.
"""

import errno
import inspect
import json
import os
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from callsheet.cli.text import say
from callsheet.files.root import MARKERS, find_root, shared
from callsheet.model.errors import CallsheetError

if TYPE_CHECKING:
    from callsheet.engine.board import Board
    from callsheet.settings import Settings

EPILOG = (
    "Exit codes: 0 done, 1 refused or failed (code and text on stderr; with --json an object "
    '{"error": {"code", "message", "next"}} on stdout), 2 wrong usage.'
)
Show = Callable[[Any], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Call:
    """One command as it was called: what every command needs to find its project."""

    project: str | None
    as_json: bool

    def root(self, near: Path | None = None) -> Path:
        """The project's folder: the named one, else searched from `near`, else from here."""
        named = self.project or os.environ.get("CALLSHEET_PROJECT")
        cwd = Path.cwd() if named or near is None else near
        return find_root(named, cwd=cwd, environ=os.environ, home=home())

    def placed(self, path: str | None) -> tuple[Path, str | None]:
        """The project that `path` is in, and `path` relative to its folder.

        The project is the nearest marked one around the path, else the current one, unless the user
        named it. Errors: BAD_ARGUMENT when it isn't there or isn't in the project.
        """
        if path is None:
            return self.root(), None
        here = Path(path).absolute()
        if not here.exists():
            raise CallsheetError("BAD_ARGUMENT", f"{here} is not there.", "Name a file or folder.")
        near = here if here.is_dir() else here.parent
        root = self._project_of(near)
        real = shared(near.resolve()) / ("" if near is here else here.name)
        if not real.is_relative_to(root):
            what = f"{here} is not inside the project {root}."
            raise CallsheetError("BAD_ARGUMENT", what, "Name its project with --project.")
        return root, real.relative_to(root).as_posix()

    def _project_of(self, folder: Path) -> Path:
        """The project around `folder`; the current one, if nothing marks another."""
        found = self.root(folder)
        marked = any((found / marker).exists() for marker in MARKERS)
        if marked or not folder.resolve().is_relative_to(Path.cwd().resolve()):
            return found
        return self.root()

    def settings(self, root: Path | None = None, **options: Any) -> "Settings":
        from callsheet.settings import load_settings  # late: pydantic

        return load_settings(root or self.root(), **options)

    @asynccontextmanager
    async def board(
        self, root: Path | None = None, *, looks: bool = False, **options: Any
    ) -> AsyncIterator["Board"]:
        """The project's board, open for as long as the block lasts. `options` are settings.

        A command that only `looks` makes no database where there is none: UNKNOWN_PLAN.
        """
        from callsheet.app import database_of, open_board  # late: the store and the engine

        root = root or self.root()
        if looks and not database_of(root).exists():
            what = f"No plan is loaded in {root}."
            raise CallsheetError("UNKNOWN_PLAN", what, "`callsheet load` loads one.")
        async with open_board(self.settings(root, **options), root, kind="cli") as board:
            yield board


def command(
    name: str,
    show: Show,
    failed: Callable[[Any], bool] = lambda answer: False,
    endless: bool = False,
) -> Callable[[Callable[..., Any]], click.Command]:
    """Makes a command of a function `(call, **options) -> answer`, plain or async.

    With `--json` the answer is printed as JSON; without, the lines that `show` makes of it.
    An answer of None prints nothing. `failed` says whether a printed answer ends with exit code 1.
    An `endless` command is ended by Ctrl-C as a matter of course.
    """

    def made(function: Callable[..., Any]) -> click.Command:
        def run(project: str | None, as_json: bool, **given: Any) -> None:
            try:
                answer = _answer(function, Call(project, as_json), given)
            except CallsheetError as error:
                _refuse(error, as_json)
            except KeyboardInterrupt:
                raise SystemExit(0 if endless else 1) from None
            if answer is not None:
                output(to_json(answer) if as_json else "\n".join(show(answer)))
                if failed(answer):
                    raise SystemExit(1)

        params = [*getattr(function, "__click_params__", [])[::-1], *_common_options()]
        return click.Command(
            name, callback=run, params=params, help=inspect.getdoc(function), epilog=EPILOG
        )

    return made


def output(text: str, err: bool = False) -> None:
    click.echo(text, err=err, color=False if os.environ.get("NO_COLOR") else None)


def to_json(answer: Any) -> str:
    """Pure ASCII, so that no text can harm the terminal or fail on its encoding."""
    from callsheet.model.outcome import to_answer  # late: it defines thirty classes

    return json.dumps(to_answer(answer), indent=2)


def home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:  # no HOME and no such user, as in some containers
        return None


def _common_options() -> list[click.Parameter]:
    where = "The project's folder (default: CALLSHEET_PROJECT, else found from the current one)."
    return [
        click.Option(["--project"], metavar="PATH", help=where),
        click.Option(["as_json", "--json"], is_flag=True, help="Print the answer as JSON."),
    ]


def _answer(function: Callable[..., Any], call: Call, given: dict[str, Any]) -> Any:
    try:
        if not inspect.iscoroutinefunction(function):
            return function(call, **given)
        import anyio  # late: not every command waits for something

        return anyio.run(lambda: function(call, **given))
    except ExceptionGroup as group:
        refusals = group.subgroup(CallsheetError)
        if refusals is None:
            raise
        raise _first(refusals) from group
    except OSError as error:
        if error.errno == errno.EPIPE:  # the reader of our output has left; click ends quietly
            raise
        what = f"{error.filename or 'The system'}: {error.strerror or error}."
        raise CallsheetError("NOT_ALLOWED", what, "Check the path and its rights.") from error


def _first(group: ExceptionGroup[CallsheetError]) -> CallsheetError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error


def _refuse(error: CallsheetError, as_json: bool) -> NoReturn:
    if as_json:
        said = {"code": error.code, "message": error.what, "next": error.next}
        output(json.dumps({"error": said}, indent=2))
    else:
        code = click.style(f"{error.code}:", fg="red", bold=True)
        output(f"{code} {say(error.what, 2000)} {say(error.next, 2000)}", err=True)
    raise SystemExit(1)
