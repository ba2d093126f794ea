"""The project page: the whole plan at a glance, for whoever opens the repository.

What needs attention comes before what goes well by itself: totals and phases first, then what
runs, what is in trouble, what is stuck behind it, and what would be handed out next.
"""

from collections.abc import Sequence

from callsheet.model.pages import (
    Effort,
    MilestoneLine,
    NextLine,
    PhaseLine,
    ProjectStatus,
    RunLine,
    RunningLine,
    StuckLine,
    TroubleLine,
)
from callsheet.views.markdown import code, escape
from callsheet.views.parts import (
    bar,
    bullets,
    counts,
    duration,
    joined,
    keys,
    moment,
    percent,
    progress,
    section,
    table,
)

LIST_ROWS = 20
PHASE_ROWS = 50
TITLE_CHARS = 100
REASON_CHARS = 200
PHASE_BAR = 10


def project_lines(status: ProjectStatus, cut: int = 1) -> list[str]:
    """The page as lines, with lists of at most 20 entries (50 phases) divided by `cut`."""
    rows = LIST_ROWS // cut
    return [
        f"**{escape(status.title or status.plan, TITLE_CHARS)}** · {run_text(status.run)}",
        "",
        progress(status.tally),
        "",
        f"{counts(status.tally)} · as of {moment(status.at_ms)}",
        *effort_lines(status.effort),
        *section("Phases", status.phases, status.phases_total, PHASE_ROWS // cut, _phases),
        *section("Running", status.running, status.running_total, rows, bullets(_running)),
        *section(
            "Blocked, failed, delayed",
            status.troubled,
            status.troubled_total,
            rows,
            bullets(_trouble),
        ),
        *section(
            "Stuck",
            status.stuck,
            status.stuck_total,
            rows,
            bullets(_stuck),
            at_least=status.stuck_at_least,
        ),
        *section("Next up", status.next_up, status.next_total, rows, bullets(_next)),
        *section(
            "Milestones",
            status.milestones,
            status.milestones_total,
            rows,
            bullets(milestone_text),
        ),
    ]


def run_text(run: RunLine | None) -> str:
    """The run in one line: its state, limit, scope and times."""
    if run is None:
        return "not started"
    limit = f"{run.running} of {run.limit} at once"
    if run.effective_limit is not None and run.effective_limit < run.limit:
        limit += f" ({run.effective_limit} for now, rate limited)"
    return joined(
        f"run {escape(run.state, 20)}",
        "" if run.ended_ms else limit,
        f"only {escape(run.scope)}" if run.scope else "",
        f"since {moment(run.started_ms)}" if run.started_ms and not run.ended_ms else "",
        f"ended {moment(run.ended_ms)}" if run.ended_ms else "",
        escape(run.note, REASON_CHARS) if run.note else "",
    )


def effort_lines(effort: Effort) -> list[str]:
    """Estimate against actual as a paragraph; no lines when nothing is known."""
    done = left = ""
    if effort.estimated_done > 0:
        ratio = effort.actual_done / effort.estimated_done
        done = (
            f"Finished work took {duration(effort.actual_done)}, "
            f"estimated {duration(effort.estimated_done)} ({ratio:.2f} ×)"
        )
    if effort.estimated_left > 0:
        left = f"still to do {duration(effort.estimated_left)}"
        if effort.unestimated_left:
            left += f" and {effort.unestimated_left} without estimate"
    forecast = f"expected to finish {moment(effort.forecast_ms)}" if effort.forecast_ms else ""
    text = joined(done, left, forecast)
    return ["", text] if text else []


def milestone_text(milestone: MilestoneLine) -> str:
    """A milestone in one line: when it was met, or what it waits for."""
    name = f"{code(milestone.key)} {escape(milestone.title, TITLE_CHARS)}"
    if milestone.met_ms is not None:
        return f"{name} · met {moment(milestone.met_ms)}"
    return f"{name} · waits for {keys(milestone.waits_for, milestone.waits_total)}"


def _phases(phases: Sequence[PhaseLine]) -> list[str]:
    heads = ("Phase", "Progress", "Done:", "Running:", "Trouble:", "Milestone")
    return table(heads, [_phase(phase) for phase in phases])


def _phase(phase: PhaseLine) -> tuple[str, ...]:
    tally = phase.tally
    return (
        f"{code(phase.key)} {escape(phase.title, TITLE_CHARS)}",
        bar(tally.share, PHASE_BAR),
        f"{tally.met}/{tally.total - tally.cancelled}",
        str(tally.running + tally.verifying),
        str(tally.blocked + tally.failed),
        f"met {moment(phase.met_ms)}" if phase.met_ms is not None else "open",
    )


def _running(line: RunningLine) -> str:
    return joined(
        f"{code(line.task)} {escape(line.title, TITLE_CHARS)}",
        f"**{escape(line.agent, 60)}**",
        "" if line.state == "running" else escape(line.state, 20),
        percent(line.percent) if line.percent is not None else "",
        f"since {moment(line.since_ms)}",
        f"estimate {duration(line.estimate_minutes)}" if line.estimate_minutes else "",
        f"attempt {line.attempt}" if line.attempt > 1 else "",
        f"“{escape(line.note, REASON_CHARS)}”" if line.note else "",
    )


def _trouble(line: TroubleLine) -> str:
    attempts = f"attempt {line.attempt}" if line.attempt else ""
    if attempts and line.max_attempts is not None:
        attempts += f" of {line.max_attempts}"
    return joined(
        f"{code(line.task)} {escape(line.title, TITLE_CHARS)}",
        f"**{escape(line.state, 20)}**",
        attempts,
        f"since {moment(line.since_ms)}" if line.since_ms is not None else "",
        f"again {moment(line.retry_ms)}" if line.retry_ms is not None else "",
        escape(line.reason, REASON_CHARS) if line.reason else "no reason given",
    )


def _stuck(line: StuckLine) -> str:
    name = f"{code(line.task)} {escape(line.title, TITLE_CHARS)}"
    return f"{name} · behind {keys(line.behind, line.behind_total)}"


def _next(line: NextLine) -> str:
    return joined(
        f"{code(line.task)} {escape(line.title, TITLE_CHARS)}",
        escape(line.type, 40) if line.type else "",
        f"phase {code(line.phase)}" if line.phase else "",
        escape(line.priority, 20) if line.priority not in ("", "medium") else "",
        f"estimate {duration(line.estimate_minutes)}" if line.estimate_minutes else "",
    )
