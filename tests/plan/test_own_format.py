"""callsheet.plan/v1 in JSON and YAML: what it means and what it refuses."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from plan_help import codes, needs, tasks

from callsheet.model.errors import CallsheetError
from callsheet.plan import strict_json, strict_yaml
from callsheet.plan.callsheet import find, parse, wants
from callsheet.plan.check import require_loadable, resolve
from callsheet.plan.draft import PlanDraft
from callsheet.plan.formats import ParseOptions, plan_format
from callsheet.plan.spec import TaskSpec, assign_keys, json_schema

PUBLISHED = Path(__file__).parents[2] / "docs" / "callsheet.plan.v1.schema.json"

YAML = """
schema: callsheet.plan/v1
name: launch
phases:
  - {key: a, title: Build}
  - key: b
  - {key: c, depends_on: []}
pools: {staging-db: 2}
tasks:
  - {key: 1.10, title: Base, phase: a, estimate_minutes: 30, priority: high}
  - title: Walls
    phase: Build
    depends_on: [1.10]
    resources: [src/**, "shared:docs/x.md", "name:notes", "pool:staging-db*2"]
  - {key: t2, title: Roof, phase: b, depends_on: ["phase:a"]}
  - title: Garden
"""


def draft_of(text: str, path: str = "callsheet.plan.yaml") -> PlanDraft:
    return resolve(parse({path: text}, path, ParseOptions()))


def refused(text: str, path: str = "callsheet.plan.yaml") -> str:
    with pytest.raises(CallsheetError) as caught:
        require_loadable(draft_of(text, path))
    assert caught.value.code == "BAD_PLAN"
    assert caught.value.next
    return caught.value.what


def of_tasks(*tasks: Any) -> str:
    return json.dumps({"schema": "callsheet.plan/v1", "tasks": list(tasks)})


def test_a_yaml_plan_is_read_with_keys_as_text_and_missing_keys_assigned() -> None:
    draft = draft_of(YAML)
    assert [task.key for task in draft.tasks] == ["1.10", "t1", "t2", "t3"]
    assert (draft.name, dict(draft.pools)) == ("launch", {"staging-db": 2})
    assert tasks(draft)["1.10"].estimate_minutes == 30
    assert tasks(draft)["t1"].phase == "a"
    assert needs(draft) == {"t1": {"1.10"}, "t2": {"phase:a"}}
    assert [(p.key, p.implied) for p in draft.phases] == [("a", ()), ("b", ("a",)), ("c", ())]
    assert draft.diagnostics == ()


def test_json_and_yaml_say_the_same() -> None:
    written = json.dumps(
        {"schema": "callsheet.plan/v1", "tasks": [{"title": "One", "acceptance": ["works"]}]}
    )
    one = draft_of(written, "plans/x.plan.json")
    assert one.name == "x" and one.tasks[0].acceptance == ("works",)


def test_every_problem_is_named_with_its_place() -> None:
    said = refused(
        of_tasks(
            {"title": "A", "gates": ["tests"], "colour": 1},
            {"title": "", "priority": "huge", "key": "a b", "files": ["../x"]},
        )
    )
    for part in (
        "6 problems", 'line 1 ("A"), tasks[0].gates: this version does not enforce gates',
        "tasks[0].colour: is not a known field", "tasks[1].title", "tasks[1].priority",
        "tasks[1].key: it contains white space", "tasks[1].files",
    ):  # fmt: skip
        assert part in said


def test_many_problems_are_counted_and_twenty_are_shown() -> None:
    said = refused(of_tasks(*[{"title": ""} for _ in range(30)]))
    assert "30 problems (the first 20 shown)" in said
    assert "tasks[19]" in said and "tasks[20]" not in said


@pytest.mark.parametrize(
    ("text", "path", "part"),
    [
        ("a: &x 1\nb: *x", "callsheet.plan.yaml", "aliases"),
        ("a: 1\na: 2", "callsheet.plan.yaml", "there twice"),
        ("a: " + "[" * 40, "callsheet.plan.yaml", "nested deeper"),
        ("a: [1", "callsheet.plan.yaml", "not valid YAML at line 2"),
        ("? [a]\n: b", "callsheet.plan.yaml", "must be text"),
        ("--- {}\n--- {}", "callsheet.plan.yaml", "line 2: a second document"),
        ('{"a": 1, "a": 2}', "x.plan.json", "there twice"),
        ('{"a": NaN}', "x.plan.json", "NaN"),
        ("[" * 100_000, "x.plan.json", "nested deeper"),
        ('{"a" 1}', "x.plan.json", "line 1, column 6"),
        ("[]", "x.plan.json", "problem"),
        ("", "x.plan.yaml", "problem"),
        (of_tasks({"title": "a", "key": "x"}, {"title": "b", "key": "X"}), "x.plan.json", "more than once"),
        (of_tasks({"title": "a\0"}), "x.plan.json", "control characters"),
        (of_tasks({"title": "a", "depends_on": ["nope"]}), "x.plan.json", "'nope'"),
        (of_tasks({"title": "a", "estimate_minutes": -1}), "x.plan.json", "estimate_minutes"),
    ],
)  # fmt: skip
def test_bad_files_are_refused_with_the_reason(text: str, path: str, part: str) -> None:
    assert part in refused(text, path)


def test_an_unknown_dependency_names_the_closest_keys() -> None:
    text = of_tasks({"title": "a", "key": "alpha"}, {"title": "b", "depends_on": ["alpah"]})
    assert "Did you mean alpha?" in refused(text)


def test_a_phase_that_only_tasks_name_is_there_too() -> None:
    draft = draft_of(of_tasks({"title": "a", "phase": "new"}))
    assert [phase.key for phase in draft.phases] == ["new"]
    assert codes(draft) == []


def test_assigned_keys_skip_those_in_use() -> None:
    specs = [TaskSpec(title="a"), TaskSpec(title="b", key="T3"), TaskSpec(title="c")]
    assert assign_keys(specs, taken={"t1"}) == ["t2", "T3", "t4"]


def test_plan_files_are_found_by_name_and_others_by_their_marker() -> None:
    assert (
        wants("callsheet.plan.yml") and wants("plans/x.plan.json") and not wants("src/x.plan.json")
    )
    texts = {
        ".callsheet/plans/a.plan.json": '{"schema": "callsheet.plan/v1"}',
        "plans/b.plan.yaml": "schema: other/v1",
        "callsheet.plan.json": "{}",
    }
    assert [found.path for found in find(texts)] == [
        ".callsheet/plans/a.plan.json",
        "callsheet.plan.json",
    ]


def test_the_published_schema_is_what_the_models_say() -> None:
    assert json.loads(PUBLISHED.read_text("utf-8")) == json_schema()


def test_the_published_schema_accepts_what_the_parser_accepts_and_refuses_the_same() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    good = {"schema": "callsheet.plan/v1", "tasks": [{"title": "a", "depends_on": ["phase:1"]}]}
    assert validator.is_valid(good)
    assert not validator.is_valid({**good, "tasks": [{"title": "a", "gates": ["x"]}]})
    assert not validator.is_valid({**good, "colour": 1})
    assert not validator.is_valid({**good, "tasks": [{"title": "a", "estimate_minutes": -1}]})


def test_the_schema_of_a_task_is_flat_and_small() -> None:
    schema = TaskSpec.model_json_schema()
    assert "$defs" not in schema and "anyOf" not in json.dumps(schema)
    assert len(json.dumps(schema, ensure_ascii=False)) < 1_650


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CallsheetError, match="claudio, callsheet"):
        plan_format("word")


JSON_LINES = """{
  "tasks": [
    {"title": "One", "key": "a"}, {"title": "Two",
      "depends_on": ["a"]},

    {"title": "Three", "key": "c", "depends_on": ["x"]}],
  "phases": [{"key": "p"},
    {"key": "q"}], "title": "a, [b]: {c}",
  "schema": "callsheet.plan/v1"
}"""


def test_json_tasks_and_phases_know_the_lines_that_they_stand_on() -> None:
    draft = draft_of(JSON_LINES, "x.plan.json")
    assert [task.line for task in draft.tasks] == [3, 3, 6]
    assert [phase.line for phase in draft.phases] == [7, 8]
    [found] = draft.diagnostics
    assert (found.file, found.line, found.task) == ("x.plan.json", 6, "c")


@pytest.mark.parametrize("loader", ["CBaseLoader", "BaseLoader"])
def test_yaml_is_read_alike_with_and_without_the_c_library(
    loader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strict_yaml, "_LOADER", getattr(yaml, loader))
    draft = draft_of(YAML)
    assert [task.line for task in draft.tasks] == [10, 11, 15, 16]
    assert [phase.line for phase in draft.phases] == [5, 6, 7]
    text = "a: ~\nb:\nc: 'null'\nd: [1.10, yes, !!int 3]\n"
    assert strict_yaml.load(text, 4) == (
        {"a": None, "b": None, "c": "null", "d": ["1.10", "yes", "3"]},
        {"d": [4, 4, 4]},
    )


def test_a_problem_names_line_key_and_title_of_its_task() -> None:
    said = refused(
        "schema: callsheet.plan/v1\ntasks:\n- title: A\n- key: 1.2\n  title: B\n  priority: huge\n"
    )
    assert 'line 4 (1.2 "B"), tasks[1].priority: ' in said


def test_keys_that_are_there_twice_are_named_with_their_lines() -> None:
    said = refused(
        "schema: callsheet.plan/v1\ntasks:\n- {key: x, title: A}\n- title: B\n- {key: X, title: C}\n"
    )
    assert "x (lines 3, 5)" in said


def test_a_cycle_is_named_with_the_lines_of_its_tasks() -> None:
    text = of_tasks(
        {"title": "A", "key": "a", "depends_on": ["b"]},
        {"title": "B", "key": "b", "depends_on": ["a"]},
    )
    with pytest.raises(CallsheetError, match="a in x.plan.json:1, b in x.plan.json:1"):
        draft_of(text, "x.plan.json")


def test_a_task_carries_its_own_limits() -> None:
    limits = {"max_attempts": 2, "max_silence_minutes": 5, "max_runtime_minutes": 60}
    [task] = draft_of(of_tasks({"title": "A", **limits}), "x.plan.json").tasks
    assert {name: getattr(task, name) for name in limits} == limits
    assert "max_attempts" in refused(of_tasks({"title": "A", "max_attempts": 0}), "x.plan.json")


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_is_walked_to_its_end(value: Any) -> None:
    for indent in (None, 1):
        text = json.dumps({"before": value, "tasks": [value, value], "after": 1}, indent=indent)
        data, lines = strict_json.load(text)
        assert data["tasks"] == [value, value] and len(lines["tasks"]) == 2
