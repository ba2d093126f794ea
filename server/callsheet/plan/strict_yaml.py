"""YAML as plain data: no aliases, no duplicate fields, no guessed types.

Every scalar is text, so that the key `1.10` stays `1.10` and does not become the number 1.1; the
models turn text into numbers where they want them. Aliases are refused, since a few lines of them
can stand for gigabytes. The data is built from the parser's events in one pass, several times as
fast as PyYAML's own constructor. Import this module only when there is YAML to read.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from callsheet.plan.strict_text import ItemLines, UnfitText

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


def load(text: str, max_nesting: int) -> tuple[Any, ItemLines]:
    """The document as dicts, lists, texts and None, and where its lists' items stand.

    Raises UnfitText for aliases, duplicate fields, deep nesting and a second document,
    YAMLError for bad syntax.
    """
    return _Builder(text, max_nesting).document()


class _Builder:
    def __init__(self, text: str, max_nesting: int) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self._max_nesting = max_nesting
        self._lines: ItemLines = {}

    def document(self) -> tuple[Any, ItemLines]:
        data = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise UnfitText(f"{_line(event)}: a second document begins")
                data = self._value(next(self._events), 0, "")
        return data, self._lines

    def _value(self, event: Any, depth: int, field: str) -> Any:
        """The value that the event begins; `field` names it when it is one of the whole file."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            return None if event.value in _NULLS and not event.style else event.value
        if kind is yaml.AliasEvent:
            raise UnfitText(f"{_line(event)}: aliases (*{event.anchor}) are not allowed")
        if depth == self._max_nesting:
            raise UnfitText(f"{_line(event)}: it is nested deeper than {depth} levels")
        if kind is yaml.MappingStartEvent:
            return self._mapping(depth + 1)
        return self._sequence(depth + 1, self._lines.setdefault(field, []) if field else None)

    def _mapping(self, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for event in self._events:
            if type(event) is yaml.MappingEndEvent:
                break
            if type(event) is not yaml.ScalarEvent:
                raise UnfitText(f"{_line(event)}: a field's name must be text")
            name = event.value
            if name in data:
                raise UnfitText(f"{_line(event)}: the field {name[:80]!r} is there twice")
            data[name] = self._value(next(self._events), depth, name if depth == 1 else "")
        return data

    def _sequence(self, depth: int, lines: list[int] | None) -> list[Any]:
        data: list[Any] = []
        for event in self._events:
            if type(event) is yaml.SequenceEndEvent:
                break
            if lines is not None:
                lines.append(event.start_mark.line + 1)
            data.append(self._value(event, depth, ""))
        return data


def _line(event: Any) -> str:
    return f"line {event.start_mark.line + 1}"
