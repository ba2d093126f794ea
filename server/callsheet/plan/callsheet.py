"""callsheet's own plan format, `callsheet.plan/v1`, in JSON or YAML.

It is what an assistant writes when there is no plan file. Because it is written for callsheet,
nothing is guessed: what does not fit is refused, every place at once, with BAD_PLAN.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from callsheet.model.errors import CallsheetError
from callsheet.plan.draft import MAX_PLAN_BYTES, PhaseDraft, PlanDraft
from callsheet.plan.formats import Found, ParseOptions
from callsheet.plan.sources import SourceFiles, digest

FORMAT = "callsheet"
MAX_NESTING = 32
"""Lists and mappings inside one another; a plan needs four."""

_MAX_PROBLEMS = 20
_FOLDERS = ("", ".callsheet/plans/", "plans/")
_NAME = re.compile(r"(callsheet|[\w.-]+)\.plan\.(?:json|ya?ml)\Z")
_MARKER = re.compile(r"""["']?schema["']?\s*:\s*["']?callsheet\.plan/""")


def wants(path: str) -> bool:
    """`callsheet.plan.json|yaml|yml` and `*.plan.json|…` at the root or in a plans folder."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/".lstrip("/") in _FOLDERS and _NAME.match(name) is not None


def find(paths: Iterable[str]) -> list[Found]:
    """The plan files. Given a mapping of paths to texts, those without our marker are left out."""
    texts = paths if isinstance(paths, Mapping) else {}
    found = []
    for path in sorted(path for path in paths if wants(path)):
        ours = path.rsplit("/", 1)[-1].startswith("callsheet.")
        if path in texts and not _MARKER.search(texts[path]) and not ours:
            continue
        found.append(Found(FORMAT, path, "a callsheet plan file"))
    return found


def parse(files: SourceFiles, plan_path: str, options: ParseOptions) -> PlanDraft:
    """Read the plan file. BAD_PLAN names up to 20 problems with their places and how many there are."""
    from callsheet.plan.spec import PlanSpec, assign_keys

    if plan_path not in files:
        raise CallsheetError("BAD_PLAN", f"There is no file {plan_path}.", "Check the path.")
    data = _read(files[plan_path], plan_path)
    spec = _validated(PlanSpec, data, plan_path)
    keys = assign_keys(spec.tasks)
    _refuse_duplicates(plan_path, "task", keys)
    _refuse_duplicates(plan_path, "phase", [phase.key for phase in spec.phases])
    phases: list[PhaseDraft] = []
    for phase in spec.phases:
        previous = phases[-1].key if phases and options.phases_in_order else None
        phases.append(phase.draft(previous, plan_path))
    return PlanDraft(
        name=options.name or spec.name or _name(plan_path),
        format=FORMAT,
        source=plan_path,
        title=spec.title,
        phases=tuple(phases),
        tasks=tuple(task.draft(key, plan_path) for task, key in zip(spec.tasks, keys, strict=True)),
        pools=dict(spec.pools),
        digest=digest(files, [plan_path]),
    )


def _name(path: str) -> str:
    found = _NAME.match(path.rsplit("/", 1)[-1])
    return "main" if found is None or found[1] == "callsheet" else found[1]


def _refuse(path: str, problem: str, next: str = "Correct the file and load it again.") -> NoReturn:
    raise CallsheetError("BAD_PLAN", f"{path}: {problem}", next)


def _refuse_duplicates(path: str, kind: str, keys: Iterable[str]) -> None:
    counts = Counter(key.casefold() for key in keys)
    twice = [key for key, count in counts.items() if count > 1]
    if twice:
        shown = ", ".join(twice[:_MAX_PROBLEMS])
        _refuse(path, f"these {kind} keys are used more than once ({len(twice)} in all): {shown}.")


def _validated(model: Any, data: Any, path: str) -> Any:
    from pydantic import ValidationError

    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        # An optional field is a union for pydantic, which also reports that it is not None.
        problems = list(
            dict.fromkeys(_problem(one) for one in found if one["loc"][-1:] != ("none",))
        )
        shown = "; ".join(problems[:_MAX_PROBLEMS])
        rest = f" (the first {_MAX_PROBLEMS} shown)" if len(problems) > _MAX_PROBLEMS else ""
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        _refuse(
            path,
            f"{count}{rest}: {shown}.",
            "Correct these places and load it again; docs/callsheet.plan.v1.schema.json has all fields.",
        )


def _problem(found: Any) -> str:
    message = found["msg"].removeprefix("Value error, ")
    message = message.replace("Extra inputs are not permitted", "is not a known field")
    return f"{_place(found['loc']) or 'the file'}: {message[:1].lower()}{message[1:]}"


def _place(location: tuple[int | str, ...]) -> str:
    """`tasks[3].priority`: fields and positions, without pydantic's names for parts of a union."""
    place, named = "", False
    for part in location:
        if isinstance(part, int):
            place, named = f"{place}[{part}]", False
        elif not named or location[0] == "pools":
            place, named = f"{place}{'.' if place else ''}{part[:80]}", True
    return place


def _read(text: str, path: str) -> Any:
    if len(text) > MAX_PLAN_BYTES:
        raise CallsheetError(
            "TOO_LARGE",
            f"{path} has more than {MAX_PLAN_BYTES} characters.",
            "Split it into several plans.",
        )
    if path.endswith(".json") or text.lstrip()[:1] == "{":
        return _read_json(text, path)
    return _read_yaml(text, path)


def _read_json(text: str, path: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique_pairs, parse_constant=_no_constant)
    except RecursionError:
        _refuse(path, f"it is nested deeper than {MAX_NESTING} levels.")
    except json.JSONDecodeError as error:
        _refuse(
            path, f"it is not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}."
        )
    except ValueError as error:
        _refuse(path, f"{error}.")


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the field {twice[:80]!r} is there twice in one object")
    return data


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number that a plan can hold")


def _read_yaml(text: str, path: str) -> Any:
    from yaml import YAMLError

    from callsheet.plan.strict_yaml import UnsafeYaml, load

    try:
        return load(text, MAX_NESTING)
    except UnsafeYaml as error:
        _refuse(path, f"{error}.")
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = getattr(error, "problem", None) or "it can't be read"
        _refuse(path, f"it is not valid YAML{where}: {what}.")
