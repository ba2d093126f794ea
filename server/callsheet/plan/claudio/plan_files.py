"""plan.md and its kin: they fill what tasks.md leaves open, and bring phases that it has not."""

from bisect import bisect_left
from collections.abc import Sequence

from callsheet.plan.claudio import mirrors, phases
from callsheet.plan.claudio.gathered import Gathered, Phase, outside
from callsheet.plan.claudio.sections import Section, sections
from callsheet.plan.claudio.texts import Texts


class PlanFiles:
    """Reads plan files one after the other into what was gathered from tasks.md."""

    def __init__(self, gathered: Gathered, texts: Texts) -> None:
        self._gathered = gathered
        self._texts = texts

    def read(self, path: str) -> None:
        """Take over what the plan file says."""
        gathered, outline = self._gathered, self._texts.outline(path)
        if not gathered.title and outline.headings:
            gathered.title = outline.headings[0].text
        found = sections(outline, path)
        starts = [section.start for section in found]
        claimed: set[int] = set()
        known = set(gathered.phases)
        for key, title, start, end in mirrors.phase_headings(outline):
            inside = found[bisect_left(starts, start) : bisect_left(starts, end)]
            claimed.update(section.start for section in inside)
            phase = gathered.phases.get(key)
            if phase is None and inside:
                phase = gathered.phases.setdefault(key, Phase(key, None))
                phase.facts.file, phase.facts.line = path, start + 1
            if phase is None:
                continue
            self._take(phase, inside, key not in known)
            phase.facts.title = phase.facts.title or phases.trimmed(title)
            phases.read_phase(phase.facts, outline, path, outside(inside, start + 1, end))
        for section in found:
            if section.start not in claimed:
                self._loose(section)
        gathered.arrows.append((None, path, outline))

    def _take(self, phase: Phase, inside: Sequence[Section], same_file: bool) -> None:
        """Tasks of a phase that has none yet; else what they say about the tasks it has."""
        if not phase.tasks:
            self._gathered.add_sections(phase, inside)
        elif not same_file:
            mirrors.match(phase, [section.facts for section in inside])

    def _loose(self, section: Section) -> None:
        """A task outside every phase section: its number may name a phase that we know."""
        gathered = self._gathered
        number = section.facts.number or ""
        phase = gathered.phases.get(number.split(".")[0]) if "." in number else None
        if phase is not None:
            mirrors.match(phase, [section.facts])
        elif not any(p.folder and p.folder.tasks for p in gathered.phases.values()):
            gathered.loose.append(gathered.new_task(None, section.facts))
