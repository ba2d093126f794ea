"""What a user can turn: one frozen value, read once when a command or a server starts.

Each setting comes from the first of these that names it: an option of the command, a `CALLSHEET_*`
variable, `callsheet.toml` at the project's root, the default. A name that nobody knows is refused
with the closest known one, because a misspelt limit that is silently ignored is worse than none.

Plain pydantic instead of pydantic-settings: the latter adds 16-20 ms to the start of every server
process (mcp 2.3 does not import it), and would be used for nothing but the twenty lines of `_from_environment`.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callsheet.model.errors import CallsheetError

FILE_NAME = "callsheet.toml"
PREFIX = "CALLSHEET_"
MAX_FILE_BYTES = 256_000

OTHER_VARIABLES = frozenset({"PROJECT", "PLANS"})
"""`CALLSHEET_PROJECT` names the project's folder, `CALLSHEET_PLANS` the plans that tests read."""

DEFAULT_ROUTES: Mapping[str, str] = MappingProxyType(
    {
        "development": "general-purpose",
        "testing": "test-review",
        "documentation": "documentation-coordinator",
        "quality": "code-quality-analyzer",
        "review": "code-quality-analyzer",
        # Claudio speaks of "deployment and DevOps agents", but ships none of that kind.
        "infrastructure": "general-purpose",
    }
)


_TABLES = frozenset({"limits", "budgets"})
"""Tables whose names are settings; in the others (`pools`, `routes`) the names are the user's."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Count = Annotated[int, Field(ge=1)]


class Limits(_Frozen):
    """How many tasks may run at once, beside the run's own limit. Absent means unlimited."""

    types: dict[str, Count] = Field(default_factory=dict)
    per_agent: Count | None = None


class Budgets(_Frozen):
    """What a run may spend before it hands out nothing more. Absent means unlimited."""

    attempts: Count | None = None
    minutes: float | None = Field(default=None, gt=0)
    tokens: Count | None = None
    cost_usd: float | None = Field(default=None, gt=0)


class Settings(_Frozen):
    """Every setting with its default. Units stand in the names."""

    parallel: int = Field(default=3, ge=1, le=1000)
    max_attempts: int = Field(default=3, ge=1, le=100)
    max_silence_minutes: float = Field(default=45, gt=0)
    max_runtime_minutes: float = Field(default=240, gt=0)
    lease_seconds: float = Field(default=60, ge=0.5)
    lease_seconds_http: float = Field(default=900, ge=0.5)
    retry_base_seconds: float = Field(default=10, ge=0)
    retry_factor: float = Field(default=2, ge=1)
    retry_max_seconds: float = Field(default=600, ge=0)
    retry_jitter: float = Field(default=0.2, ge=0, le=1)
    """Share of the delay by which it varies at random, so that retries don't come all at once."""
    synchronous: Literal["FULL", "NORMAL"] = "FULL"
    busy_seconds: float = Field(default=10, gt=0)
    allow_network_fs: bool = False
    phases_in_order: bool = True
    enforce_routes: bool = False
    limits: Limits = Limits()
    budgets: Budgets = Budgets()
    pools: dict[str, Count] = Field(default_factory=dict)
    routes: dict[str, str] = Field(default_factory=lambda: dict(DEFAULT_ROUTES))
    """Task type → specialised agent. A table in the file changes and adds single types."""


def load_settings(root: Path, environ: Mapping[str, str] | None = None, **options: Any) -> Settings:
    """The settings of the project at `root`.

    `options` are those of a command; None means that the option was not given. `environ` is the
    process's environment by default.
    Errors: BAD_ARGUMENT for a file that isn't TOML, an unknown name or an impossible value; the
    text says where it stands.
    """
    known = {name: value for name, value in options.items() if value is not None}
    sources = (
        (FILE_NAME, _from_file(root / FILE_NAME)),
        ("the environment", _from_environment(os.environ if environ is None else environ)),
        ("the options", known),
    )
    merged: dict[str, Any] = {"routes": dict(DEFAULT_ROUTES)}
    for where, values in sources:
        _refuse_unknown(where, values)
        _validated(where, values)
        merged = _merge(merged, values)
    return Settings.model_validate(merged)


def _from_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        text = f"{FILE_NAME} can't be read: {error.strerror}."
        raise _refusal(text, "Make it a readable file, or remove it.") from error
    if len(data) > MAX_FILE_BYTES:
        raise _refusal(f"{FILE_NAME} is larger than {MAX_FILE_BYTES} bytes.", "Shorten it.")
    import tomllib  # late: most projects have no such file

    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except ValueError as error:
        raise _refusal(f"{FILE_NAME} is not TOML: {error}.", "Correct that place.") from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """`CALLSHEET_LIMITS__PER_AGENT=2` is `limits.per_agent`; a whole table may be given as JSON."""
    values: dict[str, Any] = {}
    for variable in sorted(environ):  # a table given whole comes before its single names
        name = variable.removeprefix(PREFIX)
        if name == variable or name in OTHER_VARIABLES:
            continue
        *tables, last = name.lower().split("__")
        here = values
        for table in tables:
            here = here.setdefault(table, {})
            if not isinstance(here, dict):
                text = f"{variable} names a part of {PREFIX}{table.upper()}, which is not a table."
                raise _refusal(text, "Remove one of the two.")
        here[last] = _table_or_text(environ[variable])
    return values


def _table_or_text(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _refuse_unknown(where: str, values: Mapping[str, Any]) -> None:
    known = set(_names(Settings))
    for name in _given_names(values):
        if name not in known:
            from difflib import get_close_matches  # late: needed only here

            close = get_close_matches(name, known, n=1)
            said, closest = _spelt(where, name), [_spelt(where, c) for c in close]
            advice = f"Did you mean {closest[0]}?" if closest else "Remove it."
            raise _refusal(f"{said} in {where} is not a setting.", advice)


def _names(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        yield above + name
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _names(info.annotation, f"{above}{name}.")


def _given_names(values: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in values.items():
        yield above + name
        if isinstance(value, Mapping) and above + name in _TABLES:
            yield from _given_names(value, f"{above}{name}.")


def _spelt(where: str, name: str) -> str:
    """The name as the user wrote it, or has to write it."""
    return PREFIX + name.upper().replace(".", "__") if where == "the environment" else f"`{name}`"


def _validated(where: str, values: Mapping[str, Any]) -> None:
    try:
        Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        shown = json.dumps(first["input"], default=str)[:80]
        what = f"{_spelt(where, name)} in {where} can't be {shown}: {first['msg']}."
        raise _refusal(what, "Correct the value.") from error


def _merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for name, value in over.items():
        below = merged.get(name)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[name] = _merge(below, value)
        else:
            merged[name] = value
    return merged


def _refusal(what: str, next: str) -> CallsheetError:
    return CallsheetError("BAD_ARGUMENT", what, next)
