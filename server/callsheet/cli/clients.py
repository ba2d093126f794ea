"""How MCP clients are told to start callsheet: pure values and texts, no disk.

Both known clients read the same shape, `{"mcpServers": {NAME: {"command", "args"}}}`. They differ
in where the file is and in what they start the server with: Claude Code starts it in the project's
folder with the user's PATH, Claude Desktop in no particular folder and without one.
"""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any, Literal

from callsheet.model.errors import CallsheetError

Client = Literal["claude-code", "claude-desktop"]
Entry = dict[str, Any]
SERVERS = "mcpServers"
DESKTOP_FILE = "claude_desktop_config.json"


def server_entry(
    client: Client, root: PurePath, on_path: str | None, python: str, profile: str = "all"
) -> Entry:
    """What a client must run. `on_path` is where `callsheet` is on the PATH, if it is there.

    Without it, the Python that runs this command starts the server. A project's `.mcp.json` is
    shared with others, so that it names the bare command where that is enough.
    """
    if client == "claude-code":
        start, place = (["callsheet"] if on_path else [python, "-m", "callsheet"]), []
    else:
        start = [on_path] if on_path else [python, "-m", "callsheet"]
        place = ["--project", str(root)]
    profiled = [] if profile == "all" else ["--profile", profile]
    return {"command": start[0], "args": [*start[1:], "serve", *place, *profiled]}


def desktop_folder(platform: str, environ: Mapping[str, str], home: Path) -> Path:
    """Where Claude Desktop keeps its configuration; `platform` as `sys.platform` says it."""
    if platform == "darwin":
        return home / "Library" / "Application Support" / "Claude"
    if platform == "win32":
        return Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "Claude"
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "Claude"


def add_command(name: str, entry: Entry) -> str:
    """The command line that has Claude Code write its own configuration."""
    server = shlex.join([entry["command"], *entry["args"]])
    return f"claude mcp add --scope project {shlex.quote(name)} -- {server}"


def alone(name: str, entry: Entry) -> str:
    """A whole configuration with nothing but callsheet in it."""
    return _text({SERVERS: {name: entry}})


def merged(text: str | None, name: str, entry: Entry, file: str) -> str | None:
    """The configuration `text` with `entry` added; None when it is there already.

    Everything else stays. Errors: CONFLICT when another entry has the name, BAD_ARGUMENT when the
    text isn't the JSON it should be; nothing is repaired by guessing.
    """
    if text is None or not text.strip():
        return alone(name, entry)
    whole = parsed(text, file)
    servers = whole.setdefault(SERVERS, {})
    if not isinstance(servers, dict):
        raise _broken(file, f"{SERVERS} is not an object")
    if servers.get(name) == entry:
        return None
    if name in servers:
        what = f"{file} already has a server named {name}, which starts something else."
        advice = "Change that entry by hand, or take another name with --name."
        raise CallsheetError("CONFLICT", what, advice)
    servers[name] = entry
    return _text(whole)


def parsed(text: str, file: str) -> dict[str, Any]:
    """A client's configuration as data. Errors: BAD_ARGUMENT with the place."""
    try:
        whole = json.loads(text, object_pairs_hook=_without_repeats)
    except ValueError as error:
        raise _broken(file, str(error)) from error
    if not isinstance(whole, dict):
        raise _broken(file, "it is not an object")
    return whole


def commands(whole: Mapping[str, Any]) -> dict[str, str]:
    """The servers of a configuration that start callsheet: name and command."""
    servers = whole.get(SERVERS)
    named = servers.items() if isinstance(servers, dict) else ()
    return {
        name: str(entry["command"])
        for name, entry in named
        if isinstance(entry, dict) and "command" in entry and _is_ours(entry)
    }


def _is_ours(entry: Mapping[str, Any]) -> bool:
    args = entry.get("args")
    words = [PurePath(str(entry["command"])).stem, *(args if isinstance(args, list) else [])]
    return "callsheet" in words


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that occurs twice: rewriting the file would silently drop the first."""
    names = [name for name, _ in pairs]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise ValueError(f"{repeated!r} occurs twice in one object")
    return dict(pairs)


def _broken(file: str, why: str) -> CallsheetError:
    what = f"{file} is not a configuration that can be added to: {why}."
    return CallsheetError("BAD_ARGUMENT", what, "Repair the file, then try again.")


def _text(whole: Mapping[str, Any]) -> str:
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
