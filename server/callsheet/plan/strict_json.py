"""JSON as plain data without duplicate fields or NaN, and where the items of its lists stand."""

import json
import re
from collections import Counter
from typing import Any, NoReturn

from callsheet.plan.strict_text import ItemLines, UnfitText

_NEXT = re.compile(r"[\s,:]*")


def load(text: str) -> tuple[Any, ItemLines]:
    """The document, and where the items of its lists stand.

    Raises UnfitText for duplicate fields and NaN, JSONDecodeError for bad syntax, and
    RecursionError where it is nested too deeply.
    """
    data = json.loads(text, object_pairs_hook=_unique_pairs, parse_constant=_no_constant)
    return data, _item_lines(text) if isinstance(data, dict) else {}


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise UnfitText(f"the field {twice[:80]!r} is there twice in one object")
    return data


def _no_constant(name: str) -> NoReturn:
    raise UnfitText(f"{name} is no number that a plan can hold")


def _item_lines(text: str) -> ItemLines:
    """Walks a text that is known to be an object once more, from one value's end to the next."""
    decoder = json.JSONDecoder()
    found: ItemLines = {}
    at = _after(text, text.index("{") + 1)
    while text[at] != "}":
        name, at = decoder.raw_decode(text, at)
        at = _after(text, at)
        if text[at] == "[":
            found[name], at = _lines_of_list(decoder, text, at)
        else:
            _, at = decoder.raw_decode(text, at)
        at = _after(text, at)
    return found


def _lines_of_list(decoder: json.JSONDecoder, text: str, at: int) -> tuple[list[int], int]:
    lines: list[int] = []
    line, counted = text.count("\n", 0, at) + 1, at
    at = _after(text, at + 1)
    while text[at] != "]":
        line, counted = line + text.count("\n", counted, at), at
        lines.append(line)
        _, at = decoder.raw_decode(text, at)
        at = _after(text, at)
    return lines, at + 1


def _after(text: str, at: int) -> int:
    found = _NEXT.match(text, at)
    return found.end() if found else at
