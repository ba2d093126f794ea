"""The example of docs/plan-format.md, loaded as a user would."""

import re
from pathlib import Path

from cli_help import call

PAGE = Path(__file__).parents[2] / "docs" / "plan-format.md"


def test_the_example_plan_loads_without_a_complaint(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "callsheet.plan.yaml").write_text(example, encoding="utf-8")
    loaded = call("load", "--project", str(tmp_path))
    assert (loaded["plan"], loaded["tasks"], loaded["phases"]) == ("shop", 4, 2)
    assert loaded["diagnostics"] == []
