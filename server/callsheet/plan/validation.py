"""Data into the models of callsheet's own format, and every misfit named with its place.

pydantic is imported only when there is something to validate: servers that load no plan file pay
nothing for it.
"""

from typing import TYPE_CHECKING, Any, NoReturn

from callsheet.model.errors import CallsheetError
from callsheet.plan.limits import MAX_NAMED
from callsheet.plan.strict_text import ItemLines

if TYPE_CHECKING:
    from callsheet.plan.spec import PlanSpec


def refuse(path: str, problem: str, next: str = "Correct the file and load it again.") -> NoReturn:
    """Raise BAD_PLAN for the file."""
    raise CallsheetError("BAD_PLAN", f"{path}: {problem}", next)


def validated(data: Any, lines: ItemLines, path: str) -> "PlanSpec":
    """The plan that the data is. BAD_PLAN names up to `MAX_NAMED` places where it is none."""
    from pydantic import ValidationError

    from callsheet.plan.spec import PlanSpec

    try:
        return PlanSpec.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
    # An optional field is a union for pydantic, which also reports that it is not None.
    real = (one for one in found if one["loc"][-1:] != ("none",))
    problems = list(dict.fromkeys(_problem(one, data, lines) for one in real))
    shown = "; ".join(problems[:MAX_NAMED])
    rest = f" (the first {MAX_NAMED} shown)" if len(problems) > MAX_NAMED else ""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    refuse(
        path,
        f"{count}{rest}: {shown}.",
        "Correct these places and load it again; docs/callsheet.plan.v1.schema.json has all fields.",
    )


def _problem(found: Any, data: Any, lines: ItemLines) -> str:
    message = found["msg"].removeprefix("Value error, ")
    message = message.replace("Extra inputs are not permitted", "is not a known field")
    location = found["loc"]
    place = _field(location) or "the file"
    return f"{_item(location, data, lines)}{place}: {message[:1].lower()}{message[1:]}"


def _item(location: tuple[int | str, ...], data: Any, lines: ItemLines) -> str:
    """`line 12 (1.2 "Walls"), `: where the phase or task stands and what it is called."""
    if len(location) < 2 or not isinstance(location[1], int):
        return ""
    name, at = str(location[0]), location[1]
    item = data[name][at]
    known = item if isinstance(item, dict) else {}
    key, title = known.get("key"), known.get("title")
    called = [
        *([str(key)[:40]] if isinstance(key, str | int | float) else []),
        *([f'"{title[:60]}"'] if isinstance(title, str) and title.strip() else []),
    ]
    names = f" ({' '.join(called)})" if called else ""
    return f"line {lines[name][at]}{names}, "


def _field(location: tuple[int | str, ...]) -> str:
    """`tasks[3].priority`: fields and positions, without pydantic's names for parts of a union."""
    place, named = "", False
    for part in location:
        if isinstance(part, int):
            place, named = f"{place}[{part}]", False
        elif not named or location[0] == "pools":
            place, named = f"{place}{'.' if place else ''}{part[:80]}", True
    return place
