"""`callsheet demo` from the outside: real agents, real servers, one process each."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_help import child_environ

from callsheet.demo import stage
from callsheet.demo.play import play
from callsheet.demo.tally import Tally
from callsheet.model.errors import CallsheetError


def demo(temporary: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = child_environ(TMPDIR=str(temporary), COLUMNS="120")
    return subprocess.run(
        [sys.executable, "-m", "callsheet", "demo", *words],
        capture_output=True,
        text=True,
        env=environ,
        cwd=temporary,
        check=False,
    )


@pytest.fixture(scope="module")
def drained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    ended = demo(tmp_path_factory.mktemp("demo"), "--agents", "4", "--json")
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    answer = json.loads(ended.stdout)
    assert isinstance(answer, dict)
    return answer


def test_the_whole_plan_is_drained_with_nothing_handed_out_twice(drained: dict[str, Any]) -> None:
    assert (drained["tasks"], drained["done"]) == (18, 18)
    assert drained["handed_out_twice"] == 0
    assert "left" not in drained


def test_one_task_fails_and_is_retried(drained: dict[str, Any]) -> None:
    assert drained["retried"] == ["2.5"]
    assert drained["attempts"] == 19


def test_agents_work_at_the_same_time_and_never_more_than_there_are(
    drained: dict[str, Any],
) -> None:
    assert drained["agents"] == 4
    assert 2 <= drained["most_at_once"] <= 4


def test_the_status_page_says_that_all_is_done(drained: dict[str, Any]) -> None:
    page = Path(drained["status_page"]).read_text(encoding="utf-8")
    assert page.startswith("# Project Status: Gift Cards for Lantern Books\n")
    assert "Notes of the team stay here" in page
    assert "**100 %** · 18 of 18 tasks" in page


def test_the_servers_have_nothing_to_complain_about(drained: dict[str, Any]) -> None:
    assert (Path(drained["folder"]) / "servers.log").read_text() == ""


def test_a_users_plan_is_drained_in_a_copy_with_a_line_an_event(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    plan = {
        "schema": "callsheet.plan/v1",
        "name": "mine",
        "tasks": [
            {"key": "a", "title": "Lay the table", "requires": ["hands"]},
            {"key": "b", "title": "Eat", "depends_on": ["a"]},
        ],
    }
    (mine / "callsheet.plan.json").write_text(json.dumps(plan))
    ended = demo(tmp_path, "--plan", str(mine), "--agents", "1")
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    assert "ada takes a Lay the table" in ended.stdout
    assert "2 tasks done in" in ended.stdout
    assert [path.name for path in mine.iterdir()] == ["callsheet.plan.json"]


async def test_a_server_that_does_not_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    made = stage.bundled(tmp_path, 1)
    (tmp_path / "callsheet.toml").write_text("paralel = 1\n")
    with pytest.raises(CallsheetError, match="`paralel` in callsheet.toml is not a setting"):
        await play(made, 1, Tally(), lambda event: None)


PLANS = os.environ.get("CALLSHEET_PLANS", "")


@pytest.mark.skipif(not PLANS, reason="CALLSHEET_PLANS is not set: real trees are NOT drained")
def test_every_real_tree_is_drained_or_said_to_hold_nothing(tmp_path: Path) -> None:
    roots = sorted((Path(PLANS) / "dev" / "claudio").iterdir())
    assert roots
    for root in roots:
        ended = demo(tmp_path, "--plan", str(root), "--json")
        answer = json.loads(ended.stdout)
        if ended.returncode:
            assert "nothing to drain" in answer["error"]["message"], (root.name, answer)
        else:
            assert answer["handed_out_twice"] == 0, root.name
            assert "**100 %**" in Path(answer["status_page"]).read_text("utf-8", "replace"), (
                root.name
            )
