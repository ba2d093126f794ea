"""A plan of 100,000 tasks is taken in whole and handed out like any other."""

import json
from pathlib import Path

import pytest

from callsheet.app import open_board
from callsheet.model.outcome import Claimed
from callsheet.settings import Settings

TASKS = 100_000


@pytest.mark.timeout(400)
async def test_a_plan_of_100000_tasks_is_loaded_and_its_first_task_handed_out(
    tmp_path: Path,
) -> None:
    tasks = [
        {"key": f"t{n}", "title": f"Task {n}", "depends_on": [f"t{n // 2}"] if n else []}
        for n in range(TASKS)
    ]
    plan = {"schema": "callsheet.plan/v1", "name": "main", "tasks": tasks}
    (tmp_path / "callsheet.plan.json").write_text(json.dumps(plan))
    async with open_board(Settings(), tmp_path) as board:
        loaded = await board.load_plan()
        assert (loaded.tasks, loaded.ready, loaded.dependencies) == (TASKS, 1, TASKS - 1)
        await board.start_run()
        claimed = await board.claim_task(agent="ann")
        assert isinstance(claimed, Claimed)
        done = await board.complete_task(claimed.claim, "done")
        assert (claimed.task.key, done.newly_ready) == ("t0", ("t1",))
