"""From what a caller names to the rows meant; a wrong name is answered with the closest ones."""

from collections.abc import Collection

from callsheet.model.errors import CallsheetError, Code
from callsheet.plan.keys import closest, normal_phase, normal_task
from callsheet.store.port import Op
from callsheet.store.rows import PhaseRow, PlanRow, RunRow, TaskRow
from callsheet.store.sql import names as sql
from callsheet.store.sql import work


def plan(name: str | None) -> Op[PlanRow]:
    """The named plan, or the only one. UNKNOWN_PLAN lists what there is."""
    plans = yield from all_plans()
    if name is None and len(plans) == 1:
        return plans[0]
    for row in plans:
        if row.name == name:
            return row
    raise _unknown_plan(name, [row.name for row in plans])


def all_plans() -> Op[list[PlanRow]]:
    rows = yield sql.PLANS, {}
    return [PlanRow._make(row) for row in rows]


def any_plan() -> Op[bool]:
    """Whether any plan is loaded."""
    rows = yield "SELECT 1 FROM plan LIMIT 1", {}
    return bool(rows)


def task(in_plan: PlanRow, name: str) -> Op[TaskRow]:
    """The task that `name` means: `1.2`, `phase1.task2`, `Task 1.2`, in any case of letters."""
    for key in dict.fromkeys((name.strip(), normal_task(name))):
        rows = yield sql.TASK_BY_KEY, {"plan": in_plan.id, "key": key}
        if rows:
            return TaskRow._make(rows[0])
    rows = yield sql.TASK_FOLDED, {"plan": in_plan.id, "key": normal_task(name)}
    if len(rows) == 1:
        return TaskRow._make(rows[0])
    keys = yield sql.KEYS, {"plan": in_plan.id}
    raise unknown("UNKNOWN_TASK", "task", name, in_plan.name, [key for (key,) in keys])


def phases(in_plan: PlanRow) -> Op[list[PhaseRow]]:
    """The plan's phases in order."""
    rows = yield sql.PHASES, {"plan": in_plan.id}
    return [PhaseRow._make(row) for row in rows]


def phase_key(phase_id: int) -> Op[str | None]:
    """A phase's key by its id; None for 0, which is no phase."""
    if phase_id == 0:
        return None
    rows = yield sql.PHASE_KEY, {"phase": phase_id}
    return str(rows[0][0]) if rows else None


def phase(in_plan: PlanRow, name: str) -> Op[PhaseRow]:
    """The phase that `name` means: its key, `phase1`, `phase:1` or its title."""
    known = yield from phases(in_plan)
    for wanted in (name.strip().casefold(), normal_phase(name)):
        for row in known:
            if wanted in (row.key.casefold(), row.title.casefold()):
                return row
    raise unknown("BAD_ARGUMENT", "phase", name, in_plan.name, [row.key for row in known])


def unfinished_run(plan_id: int) -> Op[RunRow | None]:
    """The plan's run that is active, paused or draining."""
    rows = yield work.UNFINISHED_RUN, {"plan": plan_id}
    return RunRow._make(rows[0]) if rows else None


def last_run(plan_id: int) -> Op[RunRow | None]:
    """The plan's newest run, ended or not."""
    rows = yield work.LAST_RUN, {"plan": plan_id}
    return RunRow._make(rows[0]) if rows else None


def unknown(
    code: Code, what: str, name: str, in_plan: str, known: Collection[str]
) -> CallsheetError:
    """The refusal of a name, with the closest known ones."""
    near = closest(normal_task(name) if what == "task" else name, known)
    hint = f"Did you mean {' or '.join(near)}?" if near else "get_progress shows what there is."
    return CallsheetError(code, f"There is no {what} {name[:80]!r} in plan {in_plan!r}.", hint)


def _unknown_plan(name: str | None, known: list[str]) -> CallsheetError:
    if not known:
        return CallsheetError(
            "UNKNOWN_PLAN",
            "No plan is loaded.",
            "If you lead: load_plan, or add_tasks when there is no plan file. If you help: the lead has "
            "not begun; call again in a minute, and tell the user if it lasts.",
        )
    listed = ", ".join(known)
    if name is None:
        what = f"There are {len(known)} plans: {listed}."
    else:
        what = f"There is no plan {name[:80]!r}; there is {listed}."
    return CallsheetError("UNKNOWN_PLAN", what, "Name one of these as plan.")
