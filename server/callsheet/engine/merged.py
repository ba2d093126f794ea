"""What loading a plan found, and how it is told: pure, no database."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from callsheet.engine.fit import within
from callsheet.model.outcome import Changes, Loaded
from callsheet.model.states import MET
from callsheet.plan.draft import Diagnostic, PlanDraft

LISTED = 20
DIAGNOSTICS_BYTES = 12_000


@dataclass(slots=True)
class Merge:
    """What a load finds, by key."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0
    vanished: list[str] = field(default_factory=list)
    held_back: bool = False
    """Part of a definition could not be taken while its task runs."""


def loaded(
    draft: PlanDraft, merge: Merge, dependencies: int, counts: dict[str, int], dry_run: bool
) -> Loaded:
    """What a load answers, every diagnostic in it. `counts` are tasks by state."""
    vanished = tuple(merge.vanished)
    changes = Changes(
        added=len(merge.added),
        changed=len(merge.changed),
        unchanged=merge.unchanged,
        vanished=vanished[:LISTED],
        added_keys=tuple(merge.added[:LISTED]),
        changed_keys=tuple(merge.changed[:LISTED]),
        vanished_total=len(vanished) if len(vanished) > LISTED else None,
    )
    serious = [d for d in draft.diagnostics if d.severity != "info"]
    ordered = [*serious, *(d for d in draft.diagnostics if d.severity == "info")]
    containers = sum(task.container for task in draft.tasks)
    return Loaded(
        plan=draft.name,
        format=draft.format,
        source=draft.source,
        tasks=len(draft.tasks) - containers,
        containers=containers,
        phases=len(draft.phases),
        dependencies=dependencies,
        ready=counts.get("ready", 0),
        done=sum(counts.get(state, 0) for state in MET),
        changes=changes,
        diagnostics=tuple(_plain(d) for d in ordered),
        diagnostics_total=len(draft.diagnostics),
        dry_run=dry_run,
        next=_advice(draft, vanished, dry_run),
    )


def for_agents(answer: Loaded) -> Loaded:
    """The same with the most serious diagnostics, as many as fit."""
    return replace(answer, diagnostics=tuple(within(answer.diagnostics, DIAGNOSTICS_BYTES)))


def _advice(draft: PlanDraft, vanished: Sequence[str], dry_run: bool) -> str:
    if dry_run:
        return "Nothing was changed. Load without dry_run to take the plan in."
    if vanished:
        return "Decide about the vanished tasks: resolve_task can cancel or skip them."
    if any(d.severity == "warning" for d in draft.diagnostics):
        return "Read the diagnostics; correct the source and load again, or start_run as it is."
    return "start_run begins the work, once the user wants it."


def _plain(diagnostic: Diagnostic) -> dict[str, object]:
    return {k: v for k, v in asdict(diagnostic).items() if v not in (None, ())}
