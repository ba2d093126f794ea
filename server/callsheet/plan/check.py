"""The second pass over a draft: duplicate keys, references, limits, cycles.

Parsers write references as their source does. Here they become keys, and what can't be settled is
said: in an imported plan an unknown reference is a warning and makes no edge; in plans written for
callsheet it is an error. A cycle is always refused, over the graph that really orders the plan.
"""

from collections.abc import Sequence
from dataclasses import replace

from callsheet.model.errors import CallsheetError, Code
from callsheet.plan.collector import paused
from callsheet.plan.draft import Diagnostic, PlanDraft
from callsheet.plan.limits import MAX_NAMED, beyond_limits
from callsheet.plan.names import Names
from callsheet.plan.order import ordered
from callsheet.plan.settle import Settler
from callsheet.plan.unique import unique, with_missing_phases


@paused()
def resolve(draft: PlanDraft, strict: bool | None = None) -> PlanDraft:
    """The draft with unique keys and settled references; problems are added to its diagnostics.

    `strict` makes unknown references errors; by default it is on for callsheet's own format.
    Implied edges that would close a cycle are dropped with a diagnostic.
    Raises CYCLE, naming the tasks in order, when the stated dependencies can't be ordered.
    """
    found: list[Diagnostic] = []
    phases = with_missing_phases(draft, found)
    tasks = unique(draft.tasks, found)
    names = Names(phases, tasks)
    strict = draft.format == "callsheet" if strict is None else strict
    settler = Settler(names, "error" if strict else "warning", found)
    phases = [settler.phase(phase) for phase in phases]
    tasks = [settler.task(task) for task in tasks]
    found += beyond_limits(tasks)
    phases, tasks = ordered(phases, tasks, found)
    return replace(
        draft,
        phases=tuple(phases),
        tasks=tuple(tasks),
        diagnostics=draft.diagnostics + tuple(found),
    )


def require_loadable(draft: PlanDraft) -> None:
    """Raise BAD_PLAN (TOO_LARGE when that is all) if a diagnostic of the draft is an error."""
    errors = [found for found in draft.diagnostics if found.severity == "error"]
    if not errors:
        return
    code: Code = "TOO_LARGE" if all(e.code == "TOO_LARGE" for e in errors) else "BAD_PLAN"
    raise CallsheetError(
        code,
        f"{draft.source or 'The plan'} can't be loaded: {_listed([_sentence(e) for e in errors])}",
        "Correct these places and load it again; nothing was changed.",
    )


def _listed(problems: Sequence[str]) -> str:
    """Up to `MAX_NAMED` problems in one line, with how many there are when more."""
    shown = " ".join(problems[:MAX_NAMED])
    more = f" ({len(problems)} problems, the first {MAX_NAMED} shown.)"
    return shown + (more if len(problems) > MAX_NAMED else "")


def _sentence(found: Diagnostic) -> str:
    near = f" Did you mean {' or '.join(found.candidates)}?" if found.candidates else ""
    where = f"{found.file}:{found.line}: " if found.file and found.line else ""
    who = f"task {found.task}: " if found.task else ""
    return f"{where}{who}{found.message}{near}"
