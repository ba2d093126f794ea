"""Reading what the status pages say: a project's, a phase's, a task's, each from one snapshot."""

from callsheet.engine.pages.changes import (
    Item,
    Known,
    Page,
    Snapshot,
    Stamp,
    out_of_date,
    pages,
    plan_names,
    project_statuses,
    snapshot,
    stamp,
)
from callsheet.engine.pages.phase import phase_status
from callsheet.engine.pages.project import project_status
from callsheet.engine.pages.task import task_status

__all__ = [
    "Item",
    "Known",
    "Page",
    "Snapshot",
    "Stamp",
    "out_of_date",
    "pages",
    "phase_status",
    "plan_names",
    "project_status",
    "project_statuses",
    "snapshot",
    "stamp",
    "task_status",
]
