"""`callsheet install`: show a client how to start the server, or add it to its configuration."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from callsheet.cli import clients
from callsheet.cli.frame import Call, command, home
from callsheet.cli.text import heading
from callsheet.files import atomic, inside
from callsheet.model.errors import CallsheetError

MAX_CONFIG_BYTES = 10_000_000
BACKUP_SUFFIX = ".before-callsheet"


@dataclass(frozen=True, slots=True)
class Installed:
    """What was, or would be, written where. `backup` is the file as it was before."""

    client: str
    file: str
    state: Literal["printed", "written", "unchanged"]
    config: str
    command_line: str | None = None
    backup: str | None = None
    next: str = ""


def _show(answer: Installed) -> Iterator[str]:
    if answer.state == "printed":
        yield heading(f"Put this into {answer.file}") + " (or run again with --write):\n"
        yield answer.config
        if answer.command_line:
            yield heading("or run") + f"\n\n  {answer.command_line}\n"
    elif answer.state == "written":
        kept = f" The old file is kept as {answer.backup}." if answer.backup else ""
        yield f"Added callsheet to {answer.file}.{kept}"
    else:
        yield f"{answer.file} already starts callsheet; nothing was changed."
    yield answer.next


@command("install", show=_show)
@click.argument("client", type=click.Choice(["claude-code", "claude-desktop"]))
@click.option("--write", is_flag=True, help="Add it to the client's configuration file.")
@click.option("--name", default="callsheet", help="What the client calls the server.")
@click.option("--profile", type=click.Choice(["worker", "lead", "all"]), default="all")
def install(call: Call, client: clients.Client, write: bool, name: str, profile: str) -> Installed:
    """Tell an MCP client how to start callsheet.

    Prints the client's configuration, or with --write adds it to the client's file. What stands in
    the file is kept, and so is a copy of it; an entry of the same name is never overwritten.
    """
    root = call.root()
    entry = clients.server_entry(client, root, shutil.which("callsheet"), sys.executable, profile)
    file = config_file(client, root)
    code = client == "claude-code"
    backup = write_entry(file, name, entry) if write else None
    return Installed(
        client=client,
        file=str(file),
        state=("unchanged" if backup is None else "written") if write else "printed",
        config=clients.alone(name, entry),
        command_line=clients.add_command(name, entry) if code else None,
        backup=backup or None,
        next=_AFTER_CODE if code else _AFTER_DESKTOP,
    )


_AFTER_CODE = "Then start `claude` in the project and approve the server; /mcp shows it."
_AFTER_DESKTOP = "Then quit Claude Desktop and start it again."


def config_file(client: clients.Client, root: Path) -> Path:
    """Where the client reads its servers from."""
    if client == "claude-code":
        return root / ".mcp.json"
    own = home()
    if own is None:
        what = "There is no home folder, so Claude Desktop's configuration can't be found."
        raise CallsheetError("NOT_ALLOWED", what, "Set HOME, or copy the printed configuration.")
    return clients.desktop_folder(sys.platform, os.environ, own) / clients.DESKTOP_FILE


def write_entry(file: Path, name: str, entry: clients.Entry) -> str | None:
    """Add `entry` to `file` in one step. None: it was there already.

    Otherwise where the copy of the old file is; the empty string when there was no file.
    Errors: as `clients.merged`, and those of the disk.
    """
    file = Path(os.path.realpath(file))  # a link to a file kept elsewhere is the user's own choice
    file.parent.mkdir(parents=True, exist_ok=True)
    found = inside.look(file.parent, file.name, MAX_CONFIG_BYTES)
    try:
        text = found.data.decode("utf-8-sig") if found else None
    except UnicodeDecodeError as error:
        what = f"{file} is not UTF-8 text."
        raise CallsheetError("BAD_ARGUMENT", what, "Repair the file, then try again.") from error
    new = clients.merged(text, name, entry, str(file))
    if new is None:
        return None
    backup = _keep_old(file, found) if found else ""
    if not atomic.replace_seen(file.parent, file.name, new.encode(), found):
        what = f"{file} was changed by somebody else at this very moment."
        raise CallsheetError("CONFLICT", what, "Run the command again.")
    return backup


def _keep_old(file: Path, found: inside.Seen) -> str:
    """A copy beside the file; an earlier copy stays."""
    names = (f"{file.name}{BACKUP_SUFFIX}{n or ''}" for n in range(1000))
    name = next(name for name in names if not (file.parent / name).exists())
    atomic.replace(file.parent, name, found.data, mode=0o600)
    return str(file.parent / name)
