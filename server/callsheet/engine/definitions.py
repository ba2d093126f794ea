"""What a plan says of its tasks, in the form in which it is stored: pure, no database.

Phases and containers are spelt out as edges here: a phase's milestone needs its members, members
inherit what their phase or container waits for.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from callsheet.engine.env import Policy
from callsheet.model import resource
from callsheet.model.rank import DEFAULT_PRIORITY, PRIORITIES
from callsheet.plan.draft import PhaseDraft, TaskDraft
from callsheet.plan.keys import PHASE_PREFIX

DEFAULT_TYPE = "other"


@dataclass(frozen=True, slots=True)
class Definition:
    """One task as the plan defines it, in plan order."""

    key: str
    title: str
    kind: str
    phase: str | None
    parent: str | None
    type: str
    requires: tuple[str, ...]
    priority: int
    estimate: float | None
    route: str | None
    resources: tuple[str, ...]
    max_attempts: int | None
    max_silence: float | None
    max_runtime: float | None
    brief: str
    acceptance: tuple[str, ...]
    files: tuple[str, ...]
    needs: tuple[str, ...]
    implied: tuple[str, ...]

    def digest(self) -> str:
        """Changes when the definition does."""
        text = json.dumps(
            [getattr(self, field) for field in self.__slots__]
        )  # 5 × as fast as asdict
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def define(draft: TaskDraft, policy: Policy) -> Definition:
    """A task's definition under the project's rules. BAD_ARGUMENT for a bad resource."""
    kind = draft.type or DEFAULT_TYPE
    route = draft.route or policy.routes.get(kind)
    requires = set(draft.requires)
    if policy.enforce_routes and route:
        requires.add(route)
    return Definition(
        key=draft.key,
        title=draft.title,
        kind="container" if draft.container else "task",
        phase=draft.phase,
        parent=draft.parent,
        type=kind,
        requires=tuple(sorted(requires)),
        priority=PRIORITIES[draft.priority or DEFAULT_PRIORITY],
        estimate=draft.estimate_minutes,
        route=route,
        resources=tuple(dict.fromkeys(str(resource.parse(r)) for r in draft.resources)),
        max_attempts=draft.max_attempts,
        max_silence=draft.max_silence_minutes,
        max_runtime=draft.max_runtime_minutes,
        brief=draft.brief,
        acceptance=draft.acceptance,
        files=draft.files,
        needs=draft.depends_on,
        implied=draft.implied,
    )


@dataclass(frozen=True, slots=True)
class Member:
    """A node as far as edges go. `added`: by `add_tasks`, which implies nothing about order."""

    key: str
    phase: str | None
    parent: str | None
    needs: tuple[str, ...]
    implied: tuple[str, ...] = ()
    added: bool = False


Edges = dict[tuple[str, str], str]
"""(task, what it needs) → kind. Phases stand in as `phase:KEY`, the key of their milestone."""


def edges(members: Sequence[Member], phases: Sequence[PhaseDraft]) -> Edges:
    """All edges of a plan. A stated one is never overwritten by a weaker kind."""
    found: Edges = {}
    by_key = {member.key: member for member in members}
    by_phase = {phase.key: phase for phase in phases}
    for member in members:
        for needs, kind in _own_edges(member, by_key, by_phase):
            if needs != member.key:
                found.setdefault((member.key, needs), kind)
        owner = _owner(member, by_phase)
        if owner is not None:
            found.setdefault((owner, member.key), "member")
    for phase in phases:
        for other in (*phase.depends_on, *phase.implied):
            found.setdefault((milestone_key(phase.key), milestone_key(other)), "inherited")
    return found


def milestone_key(phase: str) -> str:
    """The key of the node that is met when the phase is complete."""
    return f"{PHASE_PREFIX}{phase}"


def _owner(member: Member, phases: Mapping[str, PhaseDraft]) -> str | None:
    """The container or milestone that is met only when this member is."""
    if member.parent is not None:
        return member.parent
    if member.phase is None or member.phase not in phases:
        return None
    return milestone_key(member.phase)


def _own_edges(
    member: Member, by_key: Mapping[str, Member], phases: Mapping[str, PhaseDraft]
) -> Iterator[tuple[str, str]]:
    yield from ((needs, "stated") for needs in member.needs)
    yield from ((needs, "implied") for needs in member.implied)
    above = list(_ancestors(member, by_key))
    for container in above:
        yield from ((n, "inherited") for n in (*container.needs, *container.implied))
    for name in dict.fromkeys(m.phase for m in (member, *above)):
        phase = phases.get(name) if name is not None else None
        if phase is not None:
            implied = () if member.added else phase.implied
            yield from ((milestone_key(n), "inherited") for n in (*phase.depends_on, *implied))


def _ancestors(member: Member, by_key: Mapping[str, Member]) -> Iterator[Member]:
    seen = {member.key}
    while member.parent is not None and member.parent not in seen and member.parent in by_key:
        seen.add(member.parent)
        member = by_key[member.parent]
        yield member


def changed_edges(old: Edges, new: Edges) -> tuple[list[tuple[str, str]], Edges]:
    """What to drop and what to add to get from the old edges to the new."""
    gone = [pair for pair, kind in old.items() if new.get(pair) != kind]
    come = {pair: kind for pair, kind in new.items() if old.get(pair) != kind}
    return gone, come


def as_json(items: Sequence[str]) -> str:
    """A list as it is stored; most are empty."""
    return json.dumps(items, ensure_ascii=False, separators=(",", ":")) if items else "[]"
