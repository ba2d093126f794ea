"""The server that callsheet is measured against: nothing but a no-op and bare commits.

Run as a script, with a folder for its databases: `python floor.py FOLDER`. Without a folder it
offers the no-op alone and touches no disk. It imports nothing of callsheet.
"""

import sqlite3
import sys
from pathlib import Path

import anyio.to_thread
from mcp.server import MCPServer


def committer(path: Path, synchronous: str) -> sqlite3.Connection:
    """A connection to a new database of one row, with the pragmas that decide a commit's cost."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("CREATE TABLE counter (n INTEGER NOT NULL)")
    connection.execute("INSERT INTO counter VALUES (0)")
    return connection


def build(folder: Path | None) -> MCPServer[None]:
    server: MCPServer[None] = MCPServer("empty", log_level="WARNING")

    @server.tool()
    async def noop() -> str:
        return "ok"

    if folder is None:
        return server
    full = committer(folder / "full.db", "FULL")
    normal = committer(folder / "normal.db", "NORMAL")

    @server.tool()
    async def commit_full() -> str:
        await anyio.to_thread.run_sync(full.execute, "UPDATE counter SET n = n + 1")
        return "ok"

    @server.tool()
    async def commit_normal() -> str:
        await anyio.to_thread.run_sync(normal.execute, "UPDATE counter SET n = n + 1")
        return "ok"

    return server


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else None).run("stdio")
