"""Collecting sources: what is found, what is passed over, and what is reported."""

import os
import stat
from pathlib import Path

import pytest

from callsheet.files import inside
from callsheet.files.reading import Limits, collect, walk
from callsheet.model.errors import CallsheetError


def make(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


def is_markdown(path: str) -> bool:
    return path.endswith(".md")


def test_wanted_files_are_found_in_order_of_names(tmp_path: Path) -> None:
    make(tmp_path, "b.md", ".claudio/phase2/tasks.md", ".claudio/phase1/tasks.md", "a.txt")
    found = collect(tmp_path, is_markdown)
    assert list(found.files) == [".claudio/phase1/tasks.md", ".claudio/phase2/tasks.md", "b.md"]
    assert found.files["b.md"] == b"b.md"
    assert found.problems == ()


def test_paths_are_relative_to_the_root_below_a_given_folder_too(tmp_path: Path) -> None:
    make(tmp_path, "x/.claudio/phase1/tasks.md", "y.md")
    assert walk(tmp_path, is_markdown, top="x/.claudio").files == ("x/.claudio/phase1/tasks.md",)


def test_a_single_file_can_be_the_top(tmp_path: Path) -> None:
    make(tmp_path, "plans/one.md", "plans/two.md")
    assert list(collect(tmp_path, is_markdown, top="plans/one.md").files) == ["plans/one.md"]
    assert collect(tmp_path, is_markdown, top="plans/none.md").files == {}


def test_folders_of_tools_and_of_callsheet_are_passed_over_but_for_its_plans(
    tmp_path: Path,
) -> None:
    make(tmp_path, ".git/a.md", "web/node_modules/x/a.md", ".venv/a.md")
    make(tmp_path, ".callsheet/saved/a.md", ".callsheet/plans/mine.md")
    found = walk(tmp_path, is_markdown)
    assert found.files == (".callsheet/plans/mine.md",)
    assert found.problems == ()


def test_links_are_reported_and_never_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    make(tmp_path, "outside/secret.md", "root/real.md")
    (root / "link.md").symlink_to(tmp_path / "outside" / "secret.md")
    (root / "linked").symlink_to(tmp_path / "outside")
    (root / "loop").symlink_to(root)
    found = collect(root, is_markdown)
    assert list(found.files) == ["real.md"]
    assert [(problem.path, problem.kind) for problem in found.problems] == [
        ("link.md", "link"),
        ("linked", "link"),
        ("loop", "link"),
    ]


def test_a_top_that_is_a_link_or_leads_out_is_refused(tmp_path: Path) -> None:
    make(tmp_path, "real/tasks.md")
    (tmp_path / ".claudio").symlink_to(tmp_path / "real")
    for top in (".claudio", "../real", "/etc"):
        with pytest.raises(CallsheetError) as refused:
            collect(tmp_path, is_markdown, top=top)
        assert refused.value.code == "NOT_ALLOWED"


def test_pipes_and_odd_names_are_reported(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.md"))).write_text("x")
    found = collect(tmp_path, is_markdown)
    assert found.files == {}
    assert {problem.kind for problem in found.problems} == {"not_a_file", "odd_name"}
    assert all(problem.path.isprintable() for problem in found.problems)


def test_folders_that_are_too_deep_are_reported(tmp_path: Path) -> None:
    make(tmp_path, "a/b/c/deep.md", "a/b/near.md")
    found = walk(tmp_path, is_markdown, limits=Limits(depth=2))
    assert found.files == ("a/b/near.md",)
    assert [(problem.path, problem.kind) for problem in found.problems] == [("a/b/c", "too_deep")]


def test_too_many_bytes_together_are_refused_and_never_cut(tmp_path: Path) -> None:
    make(tmp_path, "a.md", "b.md")
    assert len(collect(tmp_path, is_markdown, limits=Limits(total_bytes=8)).files) == 2
    with pytest.raises(CallsheetError) as refused:
        collect(tmp_path, is_markdown, limits=Limits(total_bytes=7))
    assert refused.value.code == "TOO_LARGE"


def test_too_much_to_look_through_is_refused(tmp_path: Path) -> None:
    make(tmp_path, *(f"{number}.txt" for number in range(20)))
    with pytest.raises(CallsheetError) as refused:
        walk(tmp_path, is_markdown, limits=Limits(entries=10))
    assert refused.value.code == "TOO_LARGE"


def test_a_file_that_cannot_be_read_is_reported_and_the_rest_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a.md", "b.md", "c.md")
    real = inside.look

    def look(root: Path, relpath: str, limit: int) -> inside.Seen | None:
        if relpath == "b.md":
            raise OSError(5, "Input/output error")
        return real(root, relpath, limit)

    monkeypatch.setattr(inside, "look", look)
    found = collect(tmp_path, is_markdown)
    assert list(found.files) == ["a.md", "c.md"]
    assert [(problem.path, problem.kind) for problem in found.problems] == [("b.md", "unreadable")]


def test_a_file_that_becomes_a_link_after_the_walk_is_reported(tmp_path: Path) -> None:
    make(tmp_path, "a.md", "b.md")

    def swap_then_want(path: str) -> bool:
        if path == "b.md":
            (tmp_path / "a.md").unlink()
            (tmp_path / "a.md").symlink_to("b.md")
        return is_markdown(path)

    found = collect(tmp_path, swap_then_want)
    assert list(found.files) == ["b.md"]
    assert [(problem.path, problem.kind) for problem in found.problems] == [("a.md", "unreadable")]


def test_reading_changes_nothing(tmp_path: Path) -> None:
    make(tmp_path, "a/b.md")
    before = stat.S_IMODE((tmp_path / "a").stat().st_mode), sorted(tmp_path.rglob("*"))
    collect(tmp_path, is_markdown)
    assert (stat.S_IMODE((tmp_path / "a").stat().st_mode), sorted(tmp_path.rglob("*"))) == before
