"""A database that can't be used: every tool says why, the server lives on, and recovers."""

import ctypes
import os
import resource
import signal
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from acceptance.plans import begin, write_plan
from acceptance.record import database, record, rows
from acceptance.wire import ERAS, LEGACY, Answer, Server, crew

CALLS: Mapping[str, Answer] = {
    "claim_task": {},
    "report_progress": {"claim": "a@1-xxxxxx"},
    "complete_task": {"claim": "a@1-xxxxxx", "summary": "Done."},
    "fail_task": {"claim": "a@1-xxxxxx", "error": "No."},
    "release_task": {"claim": "a@1-xxxxxx"},
    "list_ready_tasks": {},
    "get_task": {"task": "a"},
    "get_progress": {},
    "add_tasks": {"tasks": [{"title": "A"}]},
    "load_plan": {},
    "start_run": {},
    "control_run": {"action": "pause"},
    "resolve_task": {"task": "a", "action": "skip"},
}


def newer(root: Path) -> Callable[[], None]:
    """A later callsheet has migrated the database; the cure is to update this one."""
    with closing(sqlite3.connect(database(root))) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version + 1}")

    def cure() -> None:
        with closing(sqlite3.connect(database(root))) as connection:
            connection.execute(f"PRAGMA user_version = {version}")

    return cure


def garbage(root: Path) -> Callable[[], None]:
    """Something else stands where the database was."""
    kept = database(root).read_bytes()
    database(root).write_bytes(b"This is no database. " * 500)
    return lambda: none(database(root).write_bytes(kept))


def read_only(root: Path) -> Callable[[], None]:
    """Neither the folder nor the database in it can be written."""
    os.chmod(database(root), 0o400)
    os.chmod(root / ".callsheet", 0o500)

    def cure() -> None:
        os.chmod(root / ".callsheet", 0o700)
        os.chmod(database(root), 0o600)

    return cure


def none(_: object) -> None:
    """Whatever it was, for its effect."""


def obey_modes() -> None:
    """Before a server starts: give up root's right to write where modes forbid it."""
    drop_from_bounding_set, dac_override = 24, 1
    ctypes.CDLL(None).prctl(drop_from_bounding_set, dac_override, 0, 0, 0)


@pytest.mark.parametrize(
    ("trouble", "code"),
    [(newer, "STORE_NEWER"), (garbage, "STORE_CORRUPT"), (read_only, "STORE_READONLY")],
)
async def test_every_tool_tells_what_is_wrong_with_the_database_until_it_is_mended(
    trouble: Callable[[Path], Callable[[], None]], code: str, tmp_path: Path
) -> None:
    write_plan(tmp_path, [{"key": "a"}])
    async with crew(tmp_path) as servers:
        before = await servers.server()
        await begin(before)
        await before.hang_up()
        cure = trouble(tmp_path)
        server = await servers.server(ERAS[0], prepare=obey_modes)
        for tool, arguments in CALLS.items():
            refusal = await server.refusal(tool, **arguments)
            assert refusal.startswith(f"{code}: "), (tool, refusal)
        await server_says(server, "callsheet://plan/main", code)
        cure()
        claimed = await server.call("claim_task", agent="ada")
        assert claimed["task"]["key"] == "a"
        assert await server.hang_up() == 0


async def server_says(server: Server, uri: str, code: str) -> None:
    """Reading a resource tells the same."""
    answer = await server.send("resources/read", uri=uri)
    assert answer["error"]["message"].startswith(f"{code}: ")


async def test_a_server_in_a_folder_without_state_creates_nothing_until_a_tool_is_called(
    tmp_path: Path,
) -> None:
    async with crew(tmp_path) as servers:
        server = await servers.server(LEGACY)
        await server.ask("tools/list")
        await server.ask("prompts/get", name="work", arguments={})
        assert os.listdir(tmp_path) == []
        refusal = await server.refusal("get_progress")
        assert refusal.startswith("UNKNOWN_PLAN: ")
        await server.call("add_tasks", tasks=[{"title": "A"}])
    assert ".callsheet" in os.listdir(tmp_path)


async def test_a_full_disk_refuses_new_work_and_loses_none(tmp_path: Path) -> None:
    """No file of the server may grow beyond what it has; other servers are not limited."""
    write_plan(tmp_path, [{"key": str(n)} for n in range(50)])

    def fill() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    acked = []
    long = "x" * 15_000
    async with crew(tmp_path, lease_seconds="60") as servers:
        roomy = await servers.server()
        await begin(roomy, parallel=50)
        cramped = await servers.server(prepare=fill)
        refusal = ""
        while not refusal:
            claimed = await roomy.call("claim_task", agent="ada")
            key, work = claimed["task"]["key"], {"summary": long, "handoff": long}
            answer = await cramped.send(
                "tools/call",
                name="complete_task",
                arguments={"claim": claimed["claim"], **work},
            )
            if answer["result"].get("isError"):
                refusal = answer["result"]["content"][0]["text"]
            else:
                acked.append(key)
        assert refusal.startswith("STORE_FULL: "), refusal
        assert (await cramped.call("get_progress"))["totals"]["done"] == len(acked)
        done = await roomy.call("complete_task", claim=claimed["claim"], **work)
        assert done["state"] == "done"
        assert await cramped.hang_up() == 0
    assert record(tmp_path).completed() == [*acked, key]
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]
