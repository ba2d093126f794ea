"""Which plan sources a project holds."""

from collections.abc import Iterable, Mapping

from callsheet.plan.formats import FORMATS, Found, plan_format


def detect(paths: Iterable[str]) -> list[Found]:
    """The plans among the project's files (relative paths with `/`), by format, then path.

    Given a mapping of paths to texts, formats may also look at the text to be sure.
    """
    known = paths if isinstance(paths, Mapping) else list(paths)
    found: list[Found] = []
    for name in FORMATS:
        found += plan_format(name).find(known)
    return found


def wanted_by_any(path: str) -> bool:
    """Whether some format may need the file: what a reader should collect before `detect`."""
    return any(plan_format(name).wants(path) for name in FORMATS)


def format_of(path: str, paths: Iterable[str]) -> str | None:
    """The format of the plan at `path`, a file or folder that a person named; None if unclear."""
    wanted = path.strip("/")
    for found in detect(paths):
        if wanted in ("", ".") or found.path == wanted or found.path.startswith(f"{wanted}/"):
            return found.format
    for name in FORMATS:
        if plan_format(name).wants(wanted) or plan_format(name).wants(f"{wanted}/tasks.md"):
            return name
    return None
