"""Phases and tasks of a tree, from all its files, before references are resolved.

tasks.md says which tasks there are. Where a phase has none, its claude.md, its task folders or the
plan file do. Everything else only fills gaps (see `mirrors`).
"""

from callsheet.plan.claudio import mirrors, phases
from callsheet.plan.claudio.gathered import Gathered, Phase, Task, natural, outside, task_key
from callsheet.plan.claudio.layout import PhaseFolder, Tree
from callsheet.plan.claudio.phase_pages import PhasePages
from callsheet.plan.claudio.plan_files import PlanFiles
from callsheet.plan.claudio.sections import rows, sections
from callsheet.plan.claudio.texts import Texts
from callsheet.plan.outline import Outline
from callsheet.plan.sources import SourceFiles


def gather(files: SourceFiles, tree: Tree) -> Gathered:
    """Read the tree's files. What was not understood is in the result's notes."""
    gathered = Gathered()
    texts = Texts(files, gathered.notes)
    for folder in tree.phases:
        _read_tasks(gathered, texts, folder)
    plans = PlanFiles(gathered, texts)
    for path in tree.plans:
        plans.read(path)
    pages = PhasePages(gathered, texts)
    for folder in tree.phases:
        pages.read(folder)
    for path in tree.dashboards:
        for key, state in phases.dashboard_states(texts.outline(path)).items():
            if key in gathered.phases and gathered.phases[key].facts.state is None:
                gathered.phases[key].facts.state = state
    for path in tree.unplaced:
        message = (
            "This page belongs to no phase, task or subtask that callsheet knows; it was left out."
        )
        gathered.notes.add("info", "UNPLACED_PAGE", message, path, None)
    return gathered


def _read_tasks(gathered: Gathered, texts: Texts, folder: PhaseFolder) -> None:
    """Take the phase and its tasks from the folder's tasks.md."""
    phase = gathered.phases.get(folder.key)
    if phase is None:
        phase = gathered.phases.setdefault(folder.key, Phase(folder.key, folder))
    else:
        message = f"Phase {folder.key} has more than one folder; {folder.path} adds to it."
        gathered.notes.add("warning", "DUPLICATE_PHASE", message, folder.path, 1)
    path = folder.tasks
    if path is None:
        return
    outline = texts.outline(path)
    texts.note_hidden_tasks(outline, path)
    found = sections(outline, path, folder.key)
    phase.facts.title = phases.phase_title(outline)
    phase.facts.file, phase.facts.line = path, 1
    spans = outside(found, 0, len(outline.lines))
    phases.read_phase(phase.facts, outline, path, spans)
    tasks = gathered.add_sections(phase, found)
    _add_rows(phase, tasks, outline, path, spans)
    gathered.arrows.append((folder.key, path, outline))


def _add_rows(
    phase: Phase, tasks: list[Task], outline: Outline, path: str, spans: list[tuple[int, int]]
) -> None:
    """Fill the tasks from summary tables; rows that have no section are tasks of their own."""
    known = {task.key: task for task in tasks}
    ordered: dict[str, Task] = {}
    for start, end in spans:
        for facts in rows(outline, path, start, end):
            key = task_key(facts.number or "", phase.key)
            if key in known:
                own = known[key].facts
                own.state = own.state or facts.state
                own.bodies += facts.bodies
                mirrors.fill(own, facts)
            elif key not in ordered:
                ordered[key] = Task(key, phase.key, facts, from_row=True)
    if ordered:
        phase.tasks += ordered.values()
        phase.tasks.sort(key=lambda task: natural(task.key))
