"""What the fields of `callsheet.plan/v1` are made of: texts, keys, paths, and the models' manners."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from callsheet.plan.keys import key_problem

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _printable(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("it contains control characters")
    return text


Prose = Annotated[str, AfterValidator(_printable)]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_printable)
]
MAX_MINUTES = 1_000_000
"""The longest time, in minutes: about eight years of working time."""

Minutes = Annotated[float, Field(gt=0, le=MAX_MINUTES)]
Attempts = Annotated[int, Field(ge=1, le=100)]
RESOURCE_KINDS = ("shared:", "name:", "pool:")
"""What may stand before a resource; without any of them it is a path or glob."""


def _short(schema: dict[str, Any]) -> None:
    """Drop what pydantic adds and nobody reads: titles and defaults."""
    schema.pop("title", None)
    for name, part in schema.get("properties", {}).items():
        part.pop("title", None)
        if name != "schema":
            part.pop("default", None)


class Spec(BaseModel):
    """Unknown fields are refused; the JSON Schema leaves out what nobody reads."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_short, allow_inf_nan=False)


def good_key(key: str) -> str:
    """The key, or ValueError that says what is wrong with it."""
    problem = key_problem(key)
    if problem:
        raise ValueError(f"it {problem}")
    return key


def inside(path: str) -> None:
    """ValueError for a path that leads out of the project."""
    if path.startswith(("/", "~")) or ".." in path.split("/") or "\0" in path or "\n" in path:
        raise ValueError(f"{path[:80]!r} must be a path inside the project, relative to its root")
