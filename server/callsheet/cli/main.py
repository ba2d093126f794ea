"""The `callsheet` command: names its commands and imports only the one that is called."""

from importlib import import_module

import click

from callsheet import __version__
from callsheet.cli.frame import EPILOG

COMMANDS = {
    "demo": "demo",
    "init": "plans",
    "load": "plans",
    "run": "runs",
    "pause": "runs",
    "resume": "runs",
    "drain": "runs",
    "cancel": "runs",
    "status": "status",
    "ready": "tasks",
    "task": "tasks",
    "resolve": "tasks",
    "serve": "serve",
    "install": "install",
    "doctor": "doctor",
    "backup": "backup",
}
"""Each command and the module of `callsheet.cli` that holds it, in the order in which one meets them."""


CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"callsheet.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=_Commands, epilog=EPILOG, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="callsheet", message="%(prog)s %(version)s")
def callsheet() -> None:
    """Hands the tasks of one plan to many AI assistants: in order, once each, with leases.

    Start with `callsheet demo`, then `callsheet init` in a project of yours.
    """
