"""Which status pages are out of date, where they go, and what they say now.

A page of a phase or task changes when one of its tasks has an event, or when something right
upstream of it has: that makes tasks ready, or wait again, without an event of their own.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from callsheet.engine import lookup
from callsheet.engine.env import Env
from callsheet.engine.pages.phase import phase_status
from callsheet.engine.pages.project import project_status
from callsheet.engine.pages.task import task_status
from callsheet.model.pages import PhaseStatus, ProjectStatus, TaskStatus
from callsheet.store.port import Op
from callsheet.store.rows import PhaseRow, PlanRow, TaskRow
from callsheet.store.sql import names
from callsheet.store.sql import pages as sql

_TASK_PAGES = ("claude.md", "task.md")
_UNSAFE = re.compile(r"[^\w.-]")


class Stamp(NamedTuple):
    """The number of the last write, and which database counts."""

    seq: int
    uid: str


class Item(NamedTuple):
    """What a page is about, by the database's number."""

    kind: Literal["phase", "task"]
    id: int


@dataclass(frozen=True, slots=True)
class Page:
    """What one page says. `path` is relative to the root; `rev` as in the block's marker."""

    item: Item
    path: str
    rev: int
    status: PhaseStatus | TaskStatus


@dataclass(frozen=True, slots=True)
class PlanPages:
    """The pages of a plan that are out of date, and its own."""

    name: str
    project: ProjectStatus
    pages: tuple[Page, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is out of date, as it was at one moment."""

    stamp: Stamp
    plans: tuple[PlanPages, ...]


@dataclass(frozen=True, slots=True)
class OutOfDate:
    """By plan, the pages of phases and tasks to be written."""

    stamp: Stamp
    items: Mapping[str, tuple[Item, ...]]


Known = Mapping[str, int]
"""By the plan's name, the revision that its pages have; plans without any page are missing."""


def stamp() -> Op[Stamp]:
    """Where the database is now."""
    rows = yield sql.STAMP, {}
    return Stamp._make(rows[0])


def plan_names() -> Op[tuple[str, ...]]:
    plans = yield from lookup.all_plans()
    return tuple(plan.name for plan in plans)


def changed(plan: PlanRow, since: int) -> Op[tuple[Item, ...]]:
    """The phases and started tasks of a plan whose pages something has happened to after `since`.

    Plans without a place for such pages have none.
    """
    which = {"plan": plan.id, "since": since}
    whole = bool((yield sql.PLAN_CHANGED, which))
    phases = yield sql.ALL_PHASES if whole else sql.PHASES_CHANGED, which
    tasks = yield sql.ALL_STARTED if whole else sql.TASKS_CHANGED, which
    return (
        *(Item("phase", number) for (number,) in phases),
        *(Item("task", number) for (number,) in tasks),
    )


def out_of_date(known: Known) -> Op[OutOfDate]:
    """What has changed in every plan since its pages were written."""
    now = yield from stamp()
    plans = yield from lookup.all_plans()
    items = {}
    for plan in plans:
        items[plan.name] = yield from changed(plan, known.get(plan.name, 0))
    return OutOfDate(now, items)


def snapshot(env: Env, known: Known, owed: Mapping[str, Sequence[Item]]) -> Op[Snapshot]:
    """What all pages that are out of date should say, and those that are `owed` from before."""
    late = yield from out_of_date(known)
    plans = []
    for plan in (yield from lookup.all_plans()):
        items = dict.fromkeys((*owed.get(plan.name, ()), *late.items[plan.name]))
        written = yield from pages(env, plan.name, tuple(items))
        status = yield from project_status(env, plan)
        plans.append(PlanPages(plan.name, status, written))
    return Snapshot(late.stamp, tuple(plans))


def project_statuses(env: Env) -> Op[tuple[ProjectStatus, ...]]:
    """The project pages of all plans."""
    found = []
    for plan in (yield from lookup.all_plans()):
        status = yield from project_status(env, plan)
        found.append(status)
    return tuple(found)


def pages(env: Env, plan_name: str, items: Sequence[Item]) -> Op[tuple[Page, ...]]:
    """The pages of some phases and tasks of a plan."""
    plan = yield from lookup.plan(plan_name)
    found = []
    for item in items:
        one = yield from page(env, plan, item)
        found.append(one)
    return tuple(one for one in found if one is not None)


def page(env: Env, plan: PlanRow, item: Item) -> Op[Page | None]:
    """A page as it should be now; None when its subject has no place for one."""
    if item.kind == "phase":
        return (yield from _phase_page(plan, item.id))
    return (yield from _task_page(env, item.id))


def _phase_page(plan: PlanRow, phase_id: int) -> Op[Page | None]:
    rows = yield sql.PHASE, {"phase": phase_id}
    phase = PhaseRow._make(rows[0])
    if phase.status_file is None:
        return None
    seq, _ = yield from stamp()
    return Page(
        Item("phase", phase_id), phase.status_file, seq, (yield from phase_status(plan, phase))
    )


def _task_page(env: Env, task_id: int) -> Op[Page | None]:
    """Its revision is that of its last event: a page that nothing happened to is not rewritten."""
    which = {"task": task_id}
    [values] = yield names.TASK, which
    places = yield sql.PLACE_OF_TASK, which
    rows = yield sql.LAST_CHANGE_OF_TASK, which
    if not places or not rows:
        return None
    phase_key, status_file, files = places[0]
    task, (seq, at) = TaskRow._make(values), rows[0]
    path = task_path(status_file, phase_key, task.key, json.loads(files))
    return Page(Item("task", task_id), path, seq, (yield from task_status(env, task, at)))


def task_path(phase_page: str, phase: str, task: str, files: list[str]) -> str:
    """Where a task's page goes: beside its own claude.md, else into `taskN` below its phase."""
    folder = phase_page.rpartition("/")[0]
    for file in files:
        own, _, name = file.rpartition("/")
        if name.lower() in _TASK_PAGES and own.startswith(f"{folder}/"):
            return f"{own}/status.md"
    number = _UNSAFE.sub("-", task.removeprefix(f"{phase}."))
    return f"{folder}/task{number}/status.md"
