"""The plan format of the Claudio workflow: a `.claudio` folder with phases and tasks in Markdown.

A plan is the folder that holds the phases, `.claudio` or `.claudio/phases`; a tree may hold both.
Its own tasks.md files say what there is to do; other pages fill gaps and never contradict them.
What is assumed or not understood becomes a diagnostic with file and line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from callsheet.plan.claudio import phases as phase_pages
from callsheet.plan.claudio.edges import Edges
from callsheet.plan.claudio.gather import Gatherer, Phase, Task
from callsheet.plan.claudio.layout import Tree, plan_folders, tree, wants
from callsheet.plan.draft import Diagnostic, PhaseDraft, PlanDraft, SourceState, TaskDraft
from callsheet.plan.effective import dropped_edges
from callsheet.plan.formats import Found, ParseOptions
from callsheet.plan.sources import SourceFiles, digest

FORMAT = "claudio"
Draft = TypeVar("Draft", PhaseDraft, TaskDraft)

__all__ = ["FORMAT", "find", "parse", "wants"]


def find(paths: Iterable[str]) -> list[Found]:
    """The plans in the project's own `.claudio` folder."""
    return [Found(FORMAT, folder, why) for folder, why in plan_folders(list(paths))]


def parse(files: SourceFiles, plan_path: str, options: ParseOptions) -> PlanDraft:
    """Read the plan in the folder `plan_path`. Never fails: what is wrong is a diagnostic."""
    root = plan_path.strip("/").removesuffix("/tasks.md")
    found = tree(files, root)
    gathered = Gatherer(files)
    gathered.read(found)
    tasks = [task for phase in gathered.phases.values() for task in phase.tasks] + gathered.loose
    edges = Edges(gathered)
    edges.resolve(tasks)
    phases = _phases(gathered, edges, options.phases_in_order)
    drafts = _tasks(gathered, tasks, edges, found)
    phases, drafts = _with_weak(phases, drafts, edges, gathered)
    gathered.close()
    if not tasks:
        gathered.diagnostics.append(_nothing(found, root))
    return PlanDraft(
        name=options.name or _name(root),
        format=FORMAT,
        source=root,
        title=gathered.title,
        phases=tuple(phases),
        tasks=tuple(drafts),
        diagnostics=tuple(gathered.diagnostics),
        digest=digest(files, found.paths()),
    )


def _name(root: str) -> str:
    last = root.rsplit("/", 1)[-1].lstrip(".")
    return "main" if last == "claudio" else last or "main"


def _nothing(found: Tree, root: str) -> Diagnostic:
    where = found.plans[0] if found.plans else root
    message = (
        "No tasks were found: callsheet reads headings such as `## Task 1.1: Title` in "
        "phase*/tasks.md or plan.md, and tables with a task id column. Run the task step first."
    )
    return Diagnostic("warning", "NO_TASKS", message, where)


def _phases(gathered: Gatherer, edges: Edges, in_order: bool) -> list[PhaseDraft]:
    drafts: list[PhaseDraft] = []
    ordered = {key for key, _ in edges.phase_weak}
    for phase in gathered.phases.values():
        stated = tuple(dict.fromkeys(edges.phase_firm.get(phase.key, ())))
        silent = not stated and not phase.facts.stated
        silent &= phase.key not in ordered
        implied = _previous(phase, drafts) if in_order and silent else ()
        drafts.append(
            PhaseDraft(
                phase.key,
                phase.facts.title or f"Phase {phase.key}",
                depends_on=stated,
                implied=implied,
                file=phase.facts.file,
                line=phase.facts.line,
                status_file=_status_file(phase),
            )
        )
    return drafts


def _previous(phase: Phase, before: Sequence[PhaseDraft]) -> tuple[str, ...]:
    """The phase before this one; one that it says it runs parallel with is passed over."""
    parallel = phase.facts.parallel
    earlier = (draft.key for draft in reversed(before) if draft.key not in parallel)
    previous = next(earlier, None)
    return () if previous is None else (previous,)


def _status_file(phase: Phase) -> str | None:
    if phase.folder is None:
        return None
    known = phase.folder.status or ""
    return (
        known
        if known.lower().endswith(("phase_status.md", "phase-status.md"))
        else (f"{phase.folder.path}/phase_status.md")
    )


def _tasks(gathered: Gatherer, tasks: Sequence[Task], edges: Edges, found: Tree) -> list[TaskDraft]:
    parents = {task.parent for task in tasks if task.parent}
    implied: dict[str, list[str]] = {}
    for key, other in edges.implied:
        implied.setdefault(key, []).append(other)
    return [
        _task(task, gathered, edges, found, implied.get(task.key, ()), task.key in parents)
        for task in tasks
    ]


def _task(
    task: Task,
    gathered: Gatherer,
    edges: Edges,
    found: Tree,
    implied: Iterable[str],
    container: bool,
) -> TaskDraft:
    facts = task.facts
    phase = gathered.phases.get(task.phase) if task.phase is not None else None
    stated = dict.fromkeys(edges.firm.get(id(task), ()))
    return TaskDraft(
        key=task.key,
        title=facts.title or f"Task {task.key}",
        phase=task.phase,
        parent=task.parent,
        container=container,
        optional=facts.optional,
        type=facts.type,
        brief=facts.body,
        acceptance=tuple(facts.acceptance),
        depends_on=tuple(stated),
        implied=tuple(key for key in dict.fromkeys(implied) if key not in stated),
        resources=tuple(facts.paths),
        estimate_minutes=None if facts.estimate_hours is None else facts.estimate_hours * 60,
        priority=facts.priority,
        route=facts.route,
        files=_files(task, phase, found),
        state=_state(task, phase, gathered),
        file=facts.file,
        line=facts.line,
    )


def _files(task: Task, phase: Phase | None, found: Tree) -> tuple[str, ...]:
    paths = [folder.claude for folder in task.folders if folder.claude]
    if phase and phase.folder and phase.folder.claude and not phase.foreign:
        paths.append(phase.folder.claude)
    return tuple(dict.fromkeys([*paths, *found.standards]))


def _state(task: Task, phase: Phase | None, gathered: Gatherer) -> SourceState:
    """The most specific word: the task's page, its section, the phase's page, the phase itself."""
    facts = task.facts
    said = task.page_state or facts.state or task.item_state
    if said:
        return said
    if phase and phase_pages.done(phase.facts.state):
        return phase.facts.state or "todo"
    if facts.acceptance and facts.ticked == len(facts.acceptance):
        message = "All acceptance criteria are ticked and no status is given; assumed to be done."
        gathered.note("info", "ASSUMED_DONE", message, facts.file, facts.line, task=task.key)
        return "done"
    return "todo"


def _with_weak(
    phases: list[PhaseDraft], tasks: list[TaskDraft], edges: Edges, gathered: Gatherer
) -> tuple[list[PhaseDraft], list[TaskDraft]]:
    """Add the weaker edges, leaving out those that would close a cycle."""
    if not edges.weak and not edges.phase_weak:
        return phases, tasks
    weak = list(dict.fromkeys(edges.weak))
    weak += [(f"phase:{a}", f"phase:{b}") for a, b in dict.fromkeys(edges.phase_weak)]
    dropped = set(dropped_edges(phases, tasks, weak))
    for key, other in sorted(dropped):
        message = f"Other pages say that {key} waits for {other}; that contradicts the plan and was left out."
        gathered.note("warning", "CONTRADICTION", message, None, None, task=key)
    more: dict[str, list[str]] = {}
    for key, other in weak:
        if (key, other) not in dropped:
            more.setdefault(key, []).append(
                other.removeprefix("phase:") if key[:6] == "phase:" else other
            )
    return [_more(phase, more.get(f"phase:{phase.key}", ())) for phase in phases], [
        _more(task, more.get(task.key, ())) for task in tasks
    ]


def _more(draft: Draft, others: Sequence[str]) -> Draft:
    if not others:
        return draft
    return replace(draft, depends_on=tuple(dict.fromkeys([*draft.depends_on, *others])))
