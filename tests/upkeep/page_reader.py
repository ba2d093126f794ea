"""A process that reads the project page over and over and compares it with the event log.

`page_reader.py ROOT`: says "reading" after the first time, reads until `ROOT/stop` is there, then
prints as JSON which revisions it saw and everything that was wrong. It derives the states of the
tasks from the events up to the page's revision alone, and shares no code with what wrote the page.
"""

import json
import re
import sqlite3
import sys
from collections import Counter
from pathlib import Path

ENDS = {"completed": "done", "claimed": "running"}
SAY_NOTHING = ("task_added", "reported")


def main(root: Path) -> None:
    database = sqlite3.connect(f"file:{root}/.callsheet/state.db?mode=ro", uri=True)
    tasks = dict(database.execute("SELECT id, key FROM task WHERE kind = 'task'"))
    needs = [(t, n) for t, n in database.execute("SELECT task_id, needs_id FROM dep") if n in tasks]
    reads, wrong = 0, []
    seen: dict[int, str] = {}
    last = False
    while not last:
        last = (root / "stop").exists()
        if reads == 1:
            sys.stdout.write("reading\n")
            sys.stdout.flush()
        page = (root / ".claudio/status.md").read_text(encoding="utf-8")
        reads += 1
        begins = re.findall(r"<!-- callsheet:begin plan=main rev=(\d+) ", page)
        if len(begins) != 1 or not page.rstrip().endswith("<!-- callsheet:end -->"):
            wrong.append(f"torn: {page[:80]!r} … {page[-80:]!r}")
            continue
        revision = int(begins[0])
        if seen.setdefault(revision, page) != page:
            wrong.append(f"two pages of revision {revision}")
        if revision < max(seen):
            wrong.append(f"revision {revision} after {max(seen)}")
        if (told := told_by(page)) != (real := replayed(database, revision, tasks, needs)):
            wrong.append(f"revision {revision} says {told}, the log says {real}")
    sys.stdout.write(json.dumps({"revisions": sorted(seen), "wrong": wrong}))


def told_by(page: str) -> dict[str, int]:
    line = next(line for line in page.splitlines() if " · as of " in line)
    return {state: int(n) for n, state in re.findall(r"(\d+) ([a-z]+) ·", line)}


def replayed(
    database: sqlite3.Connection,
    revision: int,
    tasks: dict[int, str],
    needs: list[tuple[int, int]],
) -> dict[str, int]:
    events = database.execute(
        "SELECT task_id, kind, data FROM event WHERE seq <= ? AND task_id IS NOT NULL"
        " ORDER BY seq, n",
        (revision,),
    )
    states: dict[int, str] = {}
    for task, kind, data in events:
        if kind not in SAY_NOTHING:
            states[task] = ENDS.get(kind) or json.loads(data)["state"]
    unmet = {task for task, needed in needs if states.get(needed) != "done"}
    idle = {task for task in tasks if states.get(task, "ready") == "ready"}
    counted = Counter(states.get(task, "") for task in tasks if task not in idle)
    counted["waiting"], counted["ready"] = len(idle & unmet), len(idle - unmet)
    return {state: n for state, n in counted.items() if n}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
