"""Tool schemas without what costs every agent context and tells it nothing.

Validation stays as strict as the types say; what is dropped here is only not spelt out: titles
made from names, empty defaults, unions with null (an optional argument may simply be left out),
length limits, and definitions that are used once, which are put in their place.
"""

from typing import Any

_UNSAID = {
    "title",
    "maxLength",
    "minLength",
    "maxItems",
    "minItems",
    "exclusiveMinimum",
    "gt",
    "le",
    "minimum",
    "pattern",
}
_RARE = {"max_attempts", "max_silence_minutes", "max_runtime_minutes"}
"""Fields of a task that are accepted, but that an agent needs too seldom to be told of."""
_MUST_BE_SAID = {"maximum": 100}
"""Upper limits up to this are part of an argument's meaning: a per cent, seconds to wait."""


def compact_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a tool's arguments as it is sent; unknown arguments are refused."""
    definitions = schema.get("$defs", {})
    body = {key: value for key, value in schema.items() if key != "$defs"}
    compact: dict[str, Any] = _compact(body, definitions)
    return {**compact, "additionalProperties": False}


def _compact(part: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_compact(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    part = _in_place(_without_null(part), definitions)
    kept: dict[str, Any] = {}
    for key, value in part.items():
        if key == "properties":
            told = {name: inner for name, inner in value.items() if name not in _RARE}
            kept[key] = {name: _compact(inner, definitions) for name, inner in told.items()}
        elif not _goes_without_saying(key, value):
            kept[key] = _compact(value, definitions)
    return kept


def _goes_without_saying(key: str, value: Any) -> bool:
    if key == "default":
        return value in (None, [], False, "", 0)
    if key in _MUST_BE_SAID:
        return bool(value > _MUST_BE_SAID[key])
    return key in _UNSAID or key == "additionalProperties"


def _in_place(part: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    name = str(part.get("$ref", "")).removeprefix("#/$defs/")
    if name not in definitions:
        return part
    rest = {key: value for key, value in part.items() if key != "$ref"}
    return {**definitions[name], **rest}


def _without_null(part: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in part.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) != 1:
        return part
    return {**choices[0], **{key: value for key, value in part.items() if key != "anyOf"}}
