"""What every plan format offers, and the table of formats.

A format is a module (or package) with `FORMAT`, `wants(path)`, `find(paths)` and
`parse(files, plan_path, options)`. It is imported when it is first needed, so that a server that
loads no plan pays for none.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from callsheet.model.errors import CallsheetError
from callsheet.plan.draft import PlanDraft
from callsheet.plan.sources import SourceFiles

_MODULES = {
    "claudio": "callsheet.plan.claudio",
    "callsheet": "callsheet.plan.callsheet",
}
FORMATS: tuple[str, ...] = tuple(_MODULES)
"""The names of the formats, in the order in which sources are looked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """A plan source: its format, its path under the project root, and what gave it away."""

    format: str
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """`name`: what to call the plan instead of the name that the source suggests.

    `phases_in_order`: phases that say nothing about order follow each other.
    """

    name: str | None = None
    phases_in_order: bool = True


class PlanFormat(Protocol):
    """One format's module. None of its functions reads the disk or raises for bad text."""

    FORMAT: str

    def wants(self, path: str) -> bool:
        """Whether the file at `path` (relative, with `/`) may be part of a plan of this format."""
        ...

    def find(self, paths: Iterable[str]) -> list[Found]:
        """The plans that these paths, the project's files, seem to hold."""
        ...

    def parse(self, files: SourceFiles, plan_path: str, options: ParseOptions) -> PlanDraft:
        """The plan at `plan_path`, references unresolved, with diagnostics.

        Formats that are written for callsheet refuse bad files with BAD_PLAN.
        """
        ...


def plan_format(name: str) -> PlanFormat:
    """The format of that name, imported now. BAD_ARGUMENT when there is none."""
    if name not in _MODULES:
        known = ", ".join(FORMATS)
        raise CallsheetError(
            "BAD_ARGUMENT", f"There is no plan format {name[:50]!r}.", f"Use one of: {known}."
        )
    return cast(PlanFormat, import_module(_MODULES[name]))
