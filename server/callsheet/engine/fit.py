"""Keeping answers short: texts and lists cut to a number of bytes, and saying that they were.

What counts is what an agent is sent: the bytes of the JSON, in which one character can take six.
"""

import json
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")

LONGEST_CHARACTER = 6
TITLE_BYTES = 200
HELD_BYTES = 600
"""For the keys of what an agent holds already."""


def cost(value: Any) -> int:
    """Bytes of a value as JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def head(text: str, room: int) -> str:
    """The longest beginning of a text whose JSON takes at most `room` bytes."""
    if len(text) * LONGEST_CHARACTER <= room:
        return text
    text = text[:room]
    if cost(text) <= room + 2:  # its quotes are not counted
        return text
    end = bisect_right(range(len(text)), room + 2, key=lambda chars: cost(text[:chars]))
    return text[: end - 1]


def clipped(text: str | None, room: int) -> str | None:
    """A text cut to `room` bytes, with a mark that it was."""
    if text is None or len(shown := head(text, room)) == len(text):
        return text
    return f"{shown.rstrip()} … ({len(text)} characters in all)"


def title(text: str) -> str:
    """A title as lists show it."""
    return clipped(text, TITLE_BYTES) or ""


def within(items: Sequence[Item], room: int, most: int | None = None) -> list[Item]:
    """The first items, `most` at most, whose JSON takes at most `room` bytes."""
    fitting: list[Item] = []
    for item in items[:most]:
        room -= cost(item) + 1
        if room < 0:
            break
        fitting.append(item)
    return fitting


def listed(name: str, items: Sequence[Any], room: int, most: int | None = None) -> dict[str, Any]:
    """A field with the items that fit, and `<name>_total` beside it when some don't."""
    shown = within(items, room, most)
    if len(shown) == len(items):
        return {name: shown}
    return {name: shown, f"{name}_total": len(items)}
