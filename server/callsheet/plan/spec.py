"""A task and a plan as people and assistants write them: the `callsheet.plan/v1` models.

`TaskSpec` is also the argument of the tool `add_tasks`, so its JSON Schema is flat and short: one
object, no unions, one line of description where the name does not say it all.
"""

from collections.abc import Collection, Iterable
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, field_validator
from pydantic.json_schema import SkipJsonSchema

from callsheet.plan.draft import PhaseDraft, Priority, TaskDraft
from callsheet.plan.spec_fields import (
    RESOURCE_KINDS,
    Attempts,
    Minutes,
    Prose,
    Spec,
    Text,
    good_key,
    inside,
)

SCHEMA = "callsheet.plan/v1"


class TaskSpec(Spec):
    """Only the title is needed."""

    key: Text | SkipJsonSchema[None] = Field(default=None, description="default t1, t2, …")
    title: Text
    type: Text | SkipJsonSchema[None] = Field(
        default=None,
        description="development, testing, documentation, quality, infrastructure, review, …",
    )
    phase: Text | SkipJsonSchema[None] = None
    brief: Prose = Field(default="", description="what the executor needs to know")
    acceptance: list[Text] = Field(default=[])
    depends_on: list[Text] = Field(default=[], description="task keys, or phase:KEY")
    resources: list[Text] = Field(
        default=[], description="src/api/** (exclusive), shared:PATH, name:NAME, pool:NAME*2"
    )
    requires: list[Text] = Field(
        default=[], description="capabilities the claiming agent must list"
    )
    estimate_minutes: Minutes | SkipJsonSchema[None] = None
    priority: Priority | SkipJsonSchema[None] = None
    route: Text | SkipJsonSchema[None] = Field(
        default=None, description="agent it suits, advice only"
    )
    files: list[Text] = Field(default=[], description="paths to read first")

    max_attempts: Attempts | SkipJsonSchema[None] = None
    max_silence_minutes: Minutes | SkipJsonSchema[None] = None
    max_runtime_minutes: Minutes | SkipJsonSchema[None] = None
    gates: SkipJsonSchema[list[Any]] = Field(default=[])

    @field_validator("gates")
    @classmethod
    def _without_gates(cls, gates: list[Any]) -> list[Any]:
        if gates:
            raise ValueError(
                "this version does not enforce gates; leave them out and say in the acceptance "
                "criteria what must pass"
            )
        return gates

    @field_validator("key")
    @classmethod
    def _key_is_good(cls, key: str | None) -> str | None:
        return None if key is None else good_key(key)

    @field_validator("resources")
    @classmethod
    def _resources_are_good(cls, resources: list[str]) -> list[str]:
        for resource in resources:
            if not resource.startswith(RESOURCE_KINDS) or resource.startswith("shared:"):
                inside(resource.removeprefix("shared:"))
        return resources

    @field_validator("files")
    @classmethod
    def _files_are_inside(cls, files: list[str]) -> list[str]:
        for path in files:
            inside(path)
        return files

    def draft(self, key: str, file: str | None = None, line: int | None = None) -> TaskDraft:
        """The task as every parser returns it, under the given key; it stands on that line."""
        return TaskDraft(
            key=key,
            title=self.title,
            phase=self.phase,
            type=self.type,
            brief=self.brief,
            acceptance=tuple(self.acceptance),
            depends_on=tuple(self.depends_on),
            resources=tuple(self.resources),
            requires=tuple(self.requires),
            estimate_minutes=self.estimate_minutes,
            priority=self.priority,
            route=self.route,
            files=tuple(self.files),
            max_attempts=self.max_attempts,
            max_silence_minutes=self.max_silence_minutes,
            max_runtime_minutes=self.max_runtime_minutes,
            file=file,
            line=line,
        )


class PhaseSpec(Spec):
    """A phase. Without `depends_on` it follows the phase before it; with `[]` it waits for none."""

    key: Text
    title: Prose = ""
    depends_on: list[Text] = Field(default=[])

    @field_validator("key")
    @classmethod
    def _key_is_good(cls, key: str) -> str:
        return good_key(key)

    def draft(
        self, previous: str | None, file: str | None = None, line: int | None = None
    ) -> PhaseDraft:
        """The phase; `previous` is the one that it follows if it says nothing about order."""
        silent = "depends_on" not in self.model_fields_set and previous is not None
        implied = (previous,) if silent and previous is not None else ()
        title = self.title.strip() or self.key
        return PhaseDraft(self.key, title, tuple(self.depends_on), implied, file, line)


class PlanSpec(Spec):
    """A plan file."""

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True)

    schema_: Literal["callsheet.plan/v1"] = Field(alias="schema")
    name: Annotated[Text, StringConstraints(max_length=64)] | SkipJsonSchema[None] = None
    title: Prose = ""
    phases: list[PhaseSpec] = Field(default=[])
    pools: dict[str, Annotated[int, Field(ge=1, le=10_000)]] = Field(default={})
    tasks: list[TaskSpec]

    @field_validator("name")
    @classmethod
    def _name_is_good(cls, name: str | None) -> str | None:
        return None if name is None else good_key(name)


def assign_keys(tasks: Iterable[TaskSpec], taken: Collection[str] = ()) -> list[str]:
    """Each task's key; those without one get t1, t2, … in order, skipping keys in use.

    `taken` are keys that exist already. Nothing is said about duplicates among given keys.
    """
    listed = list(tasks)
    used = {key.casefold() for key in taken}
    used.update(task.key.casefold() for task in listed if task.key is not None)
    keys, number = [], 0
    for task in listed:
        if task.key is not None:
            keys.append(task.key)
            continue
        number += 1
        while f"t{number}" in used:
            number += 1
        keys.append(f"t{number}")
    return keys


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a plan file, as published in docs/callsheet.plan.v1.schema.json."""
    schema = PlanSpec.model_json_schema(by_alias=True)
    gates = {"type": "array", "maxItems": 0, "description": "not enforced yet; must be empty"}
    schema["$defs"]["TaskSpec"]["properties"]["gates"] = gates
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "callsheet.plan/v1",
        **schema,
    }
