"""`callsheet init`: a file that explains itself, and what there is to load."""

import re
from pathlib import Path

from cli_help import call, run

from callsheet.cli.plans import TEMPLATE
from callsheet.settings import Settings, load_settings

EXAMPLES = re.compile(
    r"per_agent|testing = 1|staging-db|attempts = 100|minutes = 600|tokens|cost_usd"
)


def test_the_written_file_changes_nothing_and_names_every_setting(tmp_path: Path) -> None:
    answer = call("init", "--project", str(tmp_path))
    text = (tmp_path / "callsheet.toml").read_text()
    assert answer["written"] is True
    assert load_settings(tmp_path, {}) == Settings()
    for name in Settings.model_fields:
        assert re.search(rf"^(# {name} = |\[{name}[].])", text, re.MULTILINE), name


def test_the_defaults_that_the_file_shows_are_the_real_ones(tmp_path: Path) -> None:
    lines = TEMPLATE.read_text().splitlines()
    shown = [
        line.removeprefix("# ")
        for line in lines
        if line.startswith("[") or (re.match(r"# [\w-]+ = ", line) and not EXAMPLES.search(line))
    ]
    (tmp_path / "callsheet.toml").write_text("\n".join(shown))
    assert load_settings(tmp_path, {}) == Settings()


def test_every_example_in_the_file_is_a_possible_value(tmp_path: Path) -> None:
    lines = [re.sub(r"^# (?=[\w-]+ = )", "", line) for line in TEMPLATE.read_text().splitlines()]
    (tmp_path / "callsheet.toml").write_text("\n".join(lines))
    settings = load_settings(tmp_path, {})
    assert settings.limits.types == {"testing": 1}
    assert settings.pools == {"staging-db": 2}
    assert settings.budgets.tokens == 5_000_000


def test_an_existing_file_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "callsheet.toml").write_text("parallel = 7\n")
    answer = call("init", "--project", str(tmp_path))
    assert answer["written"] is False
    assert (tmp_path / "callsheet.toml").read_text() == "parallel = 7\n"


def test_it_says_what_was_found_and_what_to_do_next(tmp_path: Path) -> None:
    assert "Plans found: none" in run("init", "--project", str(tmp_path)).output
    phase = tmp_path / ".claudio" / "phase1"
    phase.mkdir(parents=True)
    (phase / "tasks.md").write_text("# Phase 1\n\n## Task 1.1: First\n")
    answer = call("init", "--project", str(tmp_path))
    assert answer["plans"] == ["claudio .claudio"]
    assert answer["next"] == "Next: `callsheet load`, then `callsheet run`."
