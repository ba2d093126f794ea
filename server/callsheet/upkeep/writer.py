"""Pages onto the disk: rendered, put into callsheet's block of each file, one file after another.

Runs on a thread, while this process holds the publishing lock. What is wrong with one file keeps
no other from being written.
"""

from collections.abc import Sequence
from pathlib import Path

from callsheet.engine.pages import Item, Page, Snapshot
from callsheet.files.block import Block
from callsheet.files.status import prune_saved, write_block
from callsheet.model.errors import CallsheetError
from callsheet.model.pages import PhaseStatus, TaskStatus
from callsheet.upkeep.complaints import Complaints
from callsheet.views.markdown import escape
from callsheet.views.status import phase_page, project_page, task_page

PROJECT_PAGE = ".claudio/status.md"
IN_VAIN = ("NOT_ALLOWED", "TOO_LARGE", "BAD_ARGUMENT")
"""Refusals that trying again does not change; somebody must do something about the file."""


class Writer:
    """Writes the status files of one project for the database `store` at `now_ms` wall time."""

    def __init__(self, root: Path, store: str, now_ms: int, complaints: Complaints) -> None:
        self._root = root
        self._store = store
        self._now_ms = now_ms
        self._complaints = complaints

    def pages(self, plan: str, pages: Sequence[Page]) -> tuple[Item, ...]:
        """Write pages of phases and tasks. Returns those that must be tried again."""
        owed = []
        for page in pages:
            block = self._block(plan, page.rev, _body(page.status), _heading(page.status))
            if not self._write(page, block):
                owed.append(page.item)
        return tuple(owed)

    def project(self, snapshot: Snapshot) -> bool:
        """Write the project page, with a block a plan. False when somebody is editing it.

        Errors: as for `write_block`.
        """
        blocks = [
            self._block(plan.name, snapshot.stamp.seq, project_page(plan.project), "Status")
            for plan in snapshot.plans
        ]
        return not blocks or self._put(PROJECT_PAGE, blocks)

    def _block(self, plan: str, rev: int, body: str, heading: str) -> Block:
        return Block(plan, rev, body, heading, self._store)

    def _write(self, page: Page, block: Block) -> bool:
        """Whether nothing is left to do about the page: it is written, or never can be."""
        subject = f"{page.path} could not be written"
        try:
            done = self._put(page.path, (block,))
        except CallsheetError as error:
            self._complaints.about(subject, error)
            return error.code in IN_VAIN
        except OSError as error:
            self._complaints.about(subject, error)
            return False
        self._complaints.cured(subject)
        return done

    def _put(self, path: str, blocks: Sequence[Block]) -> bool:
        written = write_block(self._root, path, *blocks, now_ms=self._now_ms)
        if written.saved is not None:
            prune_saved(self._root)
        return written.outcome != "being_edited"


def _body(status: PhaseStatus | TaskStatus) -> str:
    return phase_page(status) if isinstance(status, PhaseStatus) else task_page(status)


def _heading(status: PhaseStatus | TaskStatus) -> str:
    what = "phase" if isinstance(status, PhaseStatus) else "task"
    return f"Status of {what} {escape(status.key)}"
