"""Settings: where they come from, which source wins, and what is refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from callsheet.model.errors import CallsheetError
from callsheet.settings import DEFAULT_ROUTES, Settings, load_settings


def write(root: Path, text: str) -> Path:
    (root / "callsheet.toml").write_text(text, encoding="utf-8")
    return root


def refusal(root: Path, environ: dict[str, str] | None = None, **options: object) -> str:
    with pytest.raises(CallsheetError) as caught:
        load_settings(root, environ or {}, **options)
    assert caught.value.code == "BAD_ARGUMENT"
    return f"{caught.value.what} {caught.value.next}"


def test_a_project_without_a_file_has_the_documented_defaults(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    assert (settings.parallel, settings.max_attempts) == (3, 3)
    assert (settings.max_silence_minutes, settings.max_runtime_minutes) == (45, 240)
    assert (settings.lease_seconds, settings.lease_seconds_http) == (60, 900)
    assert settings.synchronous == "FULL"
    assert settings.routes == DEFAULT_ROUTES


def test_an_option_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    root = write(tmp_path, "parallel = 4\nmax_attempts = 4\nbusy_seconds = 4\n")
    environ = {"CALLSHEET_PARALLEL": "5", "CALLSHEET_MAX_ATTEMPTS": "5"}
    settings = load_settings(root, environ, parallel=6, max_attempts=None)
    assert (settings.parallel, settings.max_attempts, settings.busy_seconds) == (6, 5, 4)


def test_a_lease_may_be_a_single_second_or_a_part_of_one(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {"CALLSHEET_LEASE_SECONDS": "1"}).lease_seconds == 1
    assert load_settings(tmp_path, {"CALLSHEET_LEASE_SECONDS": "0.5"}).lease_seconds == 0.5


def test_tables_of_the_file_are_merged_with_those_of_the_environment(tmp_path: Path) -> None:
    root = write(tmp_path, "[limits]\nper_agent = 2\n[limits.types]\ntesting = 1\n")
    environ = {
        "CALLSHEET_LIMITS__TYPES__REVIEW": "3",
        "CALLSHEET_BUDGETS__COST_USD": "1.5",
        "CALLSHEET_POOLS": '{"staging-db": 2}',
    }
    settings = load_settings(root, environ)
    assert settings.limits.per_agent == 2
    assert settings.limits.types == {"testing": 1, "review": 3}
    assert settings.budgets.cost_usd == 1.5
    assert settings.pools == {"staging-db": 2}


def test_a_route_in_the_file_changes_one_type_and_keeps_the_others(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, '[routes]\nsecurity = "threat-modeler"\n'), {})
    assert settings.routes == {**DEFAULT_ROUTES, "security": "threat-modeler"}


@pytest.mark.parametrize(
    ("text", "closest"),
    [
        ("paralel = 3\n", "`parallel`"),
        ("[limits]\nper_agents = 3\n", "`limits.per_agent`"),
        ("[budgets]\ntoken = 3\n", "`budgets.tokens`"),
    ],
)
def test_an_unknown_name_in_the_file_is_refused_with_the_closest_one(
    tmp_path: Path, text: str, closest: str
) -> None:
    said = refusal(write(tmp_path, text))
    assert "callsheet.toml is not a setting" in said
    assert f"Did you mean {closest}?" in said


def test_an_unknown_variable_is_refused_with_the_closest_one(tmp_path: Path) -> None:
    said = refusal(tmp_path, {"CALLSHEET_MAX_ATTEMPT": "3"})
    assert "CALLSHEET_MAX_ATTEMPT in the environment is not a setting." in said
    assert "Did you mean CALLSHEET_MAX_ATTEMPTS?" in said


def test_the_variable_that_names_the_project_is_no_setting_and_no_mistake(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {"CALLSHEET_PROJECT": "elsewhere"}) == Settings()


@pytest.mark.parametrize(
    "text",
    ["parallel = 0", "lease_seconds = inf", 'synchronous = "OFF"', "[pools]\ndb = 0", "limits = 3"],
)
def test_an_impossible_value_is_refused_by_name(tmp_path: Path, text: str) -> None:
    said = refusal(write(tmp_path, text))
    assert text.split()[0].strip("[]") in said
    assert "can't be" in said


def test_a_variable_that_is_both_a_value_and_a_table_is_refused(tmp_path: Path) -> None:
    environ = {"CALLSHEET_PARALLEL": "3", "CALLSHEET_PARALLEL__X": "1"}
    assert "not a table" in refusal(tmp_path, environ)


def test_a_file_that_is_not_toml_is_refused_with_the_place(tmp_path: Path) -> None:
    assert "line 2" in refusal(write(tmp_path, "parallel = 3\nparallel = = 4\n"))


def test_a_huge_file_and_a_folder_in_its_place_are_refused(tmp_path: Path) -> None:
    assert "larger than" in refusal(write(tmp_path, "#" * 300_000))
    folder = tmp_path / "other"
    (folder / "callsheet.toml").mkdir(parents=True)
    assert "can't be read" in refusal(folder)


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().parallel = 4
