"""The page of one task: where it stands, who worked on it, and what they left behind."""

from collections.abc import Sequence

from callsheet.model.pages import ArtifactLine, AttemptLine, NoteLine, TaskStatus
from callsheet.views.markdown import code, escape
from callsheet.views.parts import (
    bullets,
    duration,
    joined,
    keys,
    moment,
    percent,
    section,
    table,
)
from callsheet.views.project import REASON_CHARS, TITLE_CHARS

LIST_ROWS = 20
SUMMARY_CHARS = 2_000


def task_lines(status: TaskStatus, cut: int = 1) -> list[str]:
    """The page as lines, with lists of at most 20 entries divided by `cut`."""
    rows = LIST_ROWS // cut
    return [
        f"**{code(status.key)} {escape(status.title, TITLE_CHARS)}**",
        "",
        *(f"- {name}: {value}" for name, value in _facts(status) if value),
        *_text("Summary", status.summary),
        *section("Artifacts", status.artifacts, status.artifacts_total, rows, bullets(_artifact)),
        *_text("Handoff", status.handoff),
        *section(
            "Attempts",
            status.attempts[-rows:],
            max(status.attempts_total, len(status.attempts)),
            rows,
            _attempts,
        ),
        *section(
            "Notes",
            status.notes[-rows:],
            max(status.notes_total, len(status.notes)),
            rows,
            bullets(_note),
        ),
    ]


def _facts(status: TaskStatus) -> list[tuple[str, str]]:
    state = f"**{escape(status.state, 20)}**"
    done = percent(status.percent) if status.percent is not None else ""
    reason = escape(status.reason, REASON_CHARS) if status.reason else ""
    estimate = duration(status.estimate_minutes)
    return [
        ("State", joined(state, done, reason)),
        ("As of", moment(status.at_ms)),
        ("Phase", code(status.phase) if status.phase else ""),
        ("Type", escape(status.type, 40) if status.type else ""),
        ("Agent", escape(status.agent, 60) if status.agent else ""),
        ("Waits for", keys(status.waits_for, len(status.waits_for)) if status.waits_for else ""),
        ("Started", moment(status.started_ms) if status.started_ms is not None else ""),
        ("Ended", moment(status.ended_ms) if status.ended_ms is not None else ""),
        ("Time", f"{duration(status.minutes)}, estimated {estimate}"),
        ("Attempts allowed", str(status.max_attempts) if status.max_attempts else ""),
    ]


def _text(title: str, text: str) -> list[str]:
    return ["", f"## {title}", "", escape(text, SUMMARY_CHARS)] if text else []


def _attempts(attempts: Sequence[AttemptLine]) -> list[str]:
    heads = ("Attempt:", "Agent", "Started", "Ended", "Outcome")
    return table(heads, [_attempt(attempt) for attempt in attempts])


def _attempt(attempt: AttemptLine) -> tuple[str, ...]:
    outcome = escape(attempt.outcome, 40) if attempt.outcome else "under way"
    if attempt.reason:
        outcome += f": {escape(attempt.reason, REASON_CHARS)}"
    return (
        str(attempt.number),
        escape(attempt.agent, 60),
        moment(attempt.started_ms),
        moment(attempt.ended_ms),
        outcome,
    )


def _note(note: NoteLine) -> str:
    done = percent(note.percent) if note.percent is not None else ""
    return joined(moment(note.at_ms), done, escape(note.text, REASON_CHARS))


def _artifact(artifact: ArtifactLine) -> str:
    note = escape(artifact.note, REASON_CHARS) if artifact.note else ""
    return joined(f"{escape(artifact.kind, 20)} {code(artifact.path, 200)}", note)
