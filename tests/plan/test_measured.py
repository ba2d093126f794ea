"""Against hand-made labels of real trees, where a checkout of them is at hand.

Set CALLSHEET_PLANS to the folder that holds `dev/gold/*.json` and `score.py`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from callsheet.plan.check import resolve
from callsheet.plan.formats import ParseOptions, plan_format
from callsheet.plan.shape import scorer_shape
from callsheet.plan.sources import decode

PLANS = os.environ.get("CALLSHEET_PLANS", "")


@pytest.mark.skipif(not PLANS, reason="CALLSHEET_PLANS is not set: accuracy is NOT measured")
def test_claudio_trees_are_read_as_accurately_as_promised(tmp_path: Path) -> None:
    side = Path(PLANS) / "dev"
    module = plan_format("claudio")
    for label in sorted((side / "gold").glob("claudio_*.json")):
        gold = json.loads(label.read_text("utf-8"))
        root = side / gold["root"]
        names = (path.relative_to(root).as_posix() for path in root.rglob("*.md"))
        files = {n: decode((root / n).read_bytes(), n)[0] for n in names if module.wants(n)}
        draft = resolve(module.parse(files, gold["plan"], ParseOptions()))
        (tmp_path / label.name).write_text(json.dumps(scorer_shape(draft)), "utf-8")
    bars = {"task-p": 0.99, "task-r": 0.99, "edge-f1": 0.97}
    bars |= dict.fromkeys(("status", "container", "estimate", "priority"), 0.97)
    options = [part for name, bar in bars.items() for part in (f"--min-{name}", str(bar))]
    command = [sys.executable, str(Path(PLANS) / "score.py"), str(tmp_path), "--format", "claudio"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
