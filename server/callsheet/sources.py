"""Reading a plan from the project's folder: the disk collects, a format parses, a check settles.

This is the engine's `PlanReader`: it joins `files`, which may read, with `plan`, which may not.
"""

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio.to_thread

from callsheet.files.reading import Problem, collect
from callsheet.model.errors import CallsheetError
from callsheet.plan.check import require_loadable, resolve
from callsheet.plan.detect import detect, format_of, wanted_by_any
from callsheet.plan.draft import Diagnostic, PlanDraft
from callsheet.plan.formats import Found, ParseOptions, plan_format
from callsheet.plan.sources import decode

READERS = 1
"""Grows whenever the same files are understood in another way, so that plans are read again."""


class SourceReader:
    """Plans of one project."""

    def __init__(self, root: Path, *, phases_in_order: bool) -> None:
        self._root = root
        self._phases_in_order = phases_in_order

    async def read(self, path: str | None, format: str | None, name: str | None) -> PlanDraft:
        """See `engine.ports.PlanReader`. Reads and parses on a thread."""
        work = partial(self.read_now, path, format, name)
        return await anyio.to_thread.run_sync(work)

    def read_now(self, path: str | None, format: str | None, name: str | None) -> PlanDraft:
        """The same, on this thread."""
        draft = self.draft_now(path, format, name)
        require_loadable(draft)
        return draft

    def draft_now(self, path: str | None, format: str | None, name: str | None) -> PlanDraft:
        """A plan as understood, errors included as diagnostics."""
        collected = collect(self._root, wanted_by_any, top=_top(path))
        found = _chosen(path, format, tuple(collected.files))
        files, problems = {}, [_diagnostic(problem) for problem in collected.problems]
        for file, data in collected.files.items():
            files[file], unclear = decode(data, file)
            problems += unclear
        options = ParseOptions(name, self._phases_in_order)
        draft = resolve(plan_format(found.format).parse(files, found.path, options))
        return replace(
            draft,
            diagnostics=(*problems, *draft.diagnostics),
            digest=understood_as(draft.digest, phases_in_order=self._phases_in_order),
        )


def understood_as(digest: str, *, phases_in_order: bool) -> str:
    """The digest of a plan from that of its files: reading them otherwise makes another plan."""
    if not digest:
        return ""
    return hashlib.sha256(f"{digest} {READERS} {phases_in_order}".encode()).hexdigest()


def _top(path: str | None) -> str:
    """Where to collect: a plan's own folder lies below the named one or beside the named file."""
    if path is None or path in ("", "."):
        return "."
    return path


def _chosen(path: str | None, format: str | None, files: tuple[str, ...]) -> Found:
    """The one source that was asked for; BAD_ARGUMENT lists several or says what is looked for."""
    found = [f for f in detect(files) if format in (None, f.format)]
    if path not in (None, "", "."):
        exact = [f for f in found if f.path == path]
        found = exact or [f for f in found if f.path.startswith(f"{path}/")]
    if len(found) == 1:
        return found[0]
    if not found and path is not None:
        kind = format or format_of(path, files)
        if kind is not None:
            return Found(kind, path, "named")
    if not found:
        raise CallsheetError(
            "BAD_ARGUMENT",
            f"No plan was found {'in the project' if path is None else f'at {path}'}.",
            "Name a plan's file or folder, write callsheet.plan.json, or create tasks with "
            "add_tasks.",
        )
    listed = ", ".join(f"{f.path} ({f.format})" for f in found[:20])
    raise CallsheetError(
        "BAD_ARGUMENT", f"There are {len(found)} plans: {listed}.", "Name one of them as path."
    )


def _diagnostic(problem: Problem) -> Diagnostic:
    return Diagnostic("warning", problem.kind.upper(), problem.message, problem.path)
