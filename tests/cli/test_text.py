"""What is printed: aligned, cut to the screen, and harmless whatever a plan says."""

import click
import pytest

from callsheet.cli.text import Cell, bar, columns, minutes, number, progress, say, title


def test_foreign_text_cannot_move_the_cursor_or_break_a_line() -> None:
    hostile = "a\x1b[2J\x9b31mb\r\nc\u202ed\x00\u2028[red]e"
    assert say(hostile) == "a[2J31mb cd [red]e"


def test_a_hostile_cell_stays_in_its_row() -> None:
    lines = columns([[Cell("1"), Cell("x\n\x1b[31my", grows=True)], [Cell("22"), Cell("z")]])
    assert [click.unstyle(line) for line in lines] == ["  1   x [31my", "  22  z"]


def test_columns_are_aligned_with_wide_and_combining_characters() -> None:
    rows = [[Cell("日本"), Cell("|")], [Cell("e\u0301"), Cell("|")], [Cell("abcd"), Cell("|")]]
    assert columns(rows, indent=0) == ["日本  |", "e\u0301     |", "abcd  |"]


def test_only_the_growing_column_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    (line,) = columns([[Cell("key"), title("word " * 30), number(7)]])
    assert len(line) == 40
    assert line.endswith("…  7")


def test_a_bar_is_full_only_when_all_is_done() -> None:
    assert click.unstyle(bar(0.999)).endswith("░")
    assert click.unstyle(bar(1.0)) == "█" * 20
    assert click.unstyle(columns([[progress(0.5)]], indent=0)[0]) == "█" * 10 + "░" * 10


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, ""), (0.5, "30 s"), (45, "45 min"), (60, "1 h"), (200, "3 h 20"), (4200, "70 h")],
)
def test_minutes_are_said_as_people_say_them(value: float | None, shown: str) -> None:
    assert minutes(value) == shown
