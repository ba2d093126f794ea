"""YAML as plain data: no aliases, no duplicate keys, no guessed types.

Every scalar is text, so that the key `1.10` stays `1.10` and does not become the number 1.1; the
models turn text into numbers where they want them. Aliases are refused, since a few lines of them
can stand for gigabytes. Import this module only when there is YAML to read.
"""

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from yaml import BaseLoader as _Base
else:
    _Base = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class UnsafeYaml(ValueError):
    """Valid YAML that a plan must not contain; the text says what and where."""


class _Loader(_Base):
    def construct_scalar(self, node: Any) -> Any:
        value = super().construct_scalar(node)
        return None if node.style is None and value in _NULLS else value

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        data: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise UnsafeYaml(f"line {line}: a field's name must be text")
            if key_node.value in data:
                raise UnsafeYaml(f"line {line}: the field {key_node.value[:80]!r} is there twice")
            data[key_node.value] = self.construct_object(value_node, deep=True)
        return data


def load(text: str, max_nesting: int) -> Any:
    """The document as dicts, lists, texts and None.

    Raises UnsafeYaml for aliases, duplicate fields and deep nesting, YAMLError for bad syntax.
    """
    _check_events(text, max_nesting)
    return yaml.load(text, Loader=_Loader)


def _check_events(text: str, max_nesting: int) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Base):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            raise UnsafeYaml(f"line {line}: aliases (*{event.anchor}) are not allowed")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > max_nesting:
                raise UnsafeYaml(f"line {line}: it is nested deeper than {max_nesting} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
