"""The other pages of a phase folder: its claude.md, its status page, and the tasks' own folders."""

from callsheet.plan.claudio import mirrors, phases
from callsheet.plan.claudio.gathered import Gathered, outside
from callsheet.plan.claudio.layout import PhaseFolder
from callsheet.plan.claudio.sections import sections
from callsheet.plan.claudio.task_folders import TaskFolders
from callsheet.plan.claudio.texts import Texts


class PhasePages:
    """Fills phases and tasks from the pages of their folders."""

    def __init__(self, gathered: Gathered, texts: Texts) -> None:
        self._gathered = gathered
        self._texts = texts
        self._folders = TaskFolders(gathered, texts)

    def read(self, folder: PhaseFolder) -> None:
        """Take over what the folder's pages say about its phase and tasks."""
        phase = self._gathered.phases[folder.key]
        self._folders.read(phase, folder)
        for path in (folder.claude, folder.status):
            if path is None:
                continue
            outline = self._texts.outline(path)
            found = sections(outline, path, folder.key)
            said = mirrors.phase_page(outline, path, found)
            if not phase.tasks and found:
                self._gathered.add_sections(phase, found)
            elif said and not mirrors.match(phase, said, items=True) and path == folder.claude:
                phase.foreign = True
                message = "None of the tasks named here is in tasks.md; the page was left out."
                self._gathered.notes.add(
                    "info", "FOREIGN_PAGE", message, path, said[0].line, said[0].title
                )
            phase.facts.title = phase.facts.title or phases.phase_title(outline)
            spans = outside(found, 0, len(outline.lines))
            phases.read_phase(phase.facts, outline, path, spans)
            self._gathered.arrows.append((folder.key, path, outline))
