"""Opening below the root: what is refused, and that swapping links in between gains nothing."""

import os
import threading
from pathlib import Path

import pytest

from callsheet.files import inside
from callsheet.model.errors import CallsheetError

LIMIT = 1_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.md").write_text("secret")
    project = tmp_path / "project"
    (project / "docs").mkdir(parents=True)
    (project / "docs" / "plan.md").write_text("plan")
    return project


def code_of(root: Path, relpath: str) -> str:
    with pytest.raises(CallsheetError) as refused:
        inside.read_bytes(root, relpath, LIMIT)
    assert refused.value.next
    return refused.value.code


def test_a_file_below_the_root_is_read(root: Path) -> None:
    assert inside.read_bytes(root, "docs/plan.md", LIMIT) == b"plan"
    assert inside.read_bytes(root, "./docs//plan.md", LIMIT) == b"plan"


def test_a_missing_file_is_seen_as_none_and_refused_when_it_has_to_be_there(root: Path) -> None:
    assert inside.look(root, "docs/none.md", LIMIT) is None
    assert inside.look(root, "none/plan.md", LIMIT) is None
    assert code_of(root, "docs/none.md") == "BAD_ARGUMENT"


@pytest.mark.parametrize(
    "relpath",
    ["../outside/secret.md", "docs/../../outside/secret.md", "/etc/passwd", "..", "docs/..", "."],
)
def test_paths_that_lead_out_are_not_allowed(root: Path, relpath: str) -> None:
    assert code_of(root, relpath) == "NOT_ALLOWED"


@pytest.mark.parametrize("relpath", ["", "docs/\0plan.md", "\ud800", "a" * 5_000])
def test_what_cannot_be_a_path_is_a_bad_argument(root: Path, relpath: str) -> None:
    assert code_of(root, relpath) == "BAD_ARGUMENT"


def test_a_long_path_is_not_repeated_whole_in_the_refusal(root: Path) -> None:
    with pytest.raises(CallsheetError) as refused:
        inside.read_bytes(root, "../" + "a" * 1_000_000, LIMIT)
    assert len(str(refused.value)) < 600


def test_links_are_refused_wherever_they_stand_on_the_way(root: Path) -> None:
    (root / "file-link").symlink_to(root.parent / "outside" / "secret.md")
    (root / "folder-link").symlink_to(root.parent / "outside")
    (root / "inner-link").symlink_to(root / "docs")
    (root / "dangling").symlink_to("nowhere")
    for relpath in ("file-link", "folder-link/secret.md", "inner-link/plan.md", "dangling"):
        assert code_of(root, relpath) == "NOT_ALLOWED"


def test_the_root_itself_may_be_reached_through_a_link(root: Path) -> None:
    link = root.parent / "shortcut"
    link.symlink_to(root)
    assert inside.read_bytes(link, "docs/plan.md", LIMIT) == b"plan"


def test_a_pipe_is_refused_without_waiting_for_a_writer(root: Path) -> None:
    os.mkfifo(root / "pipe.md")
    assert code_of(root, "pipe.md") == "NOT_ALLOWED"


def test_folders_and_files_taken_for_folders_are_refused(root: Path) -> None:
    assert code_of(root, "docs") == "NOT_ALLOWED"
    assert code_of(root, "docs/plan.md/more") == "NOT_ALLOWED"


def test_the_size_limit_is_exact(root: Path) -> None:
    (root / "full.md").write_bytes(b"x" * LIMIT)
    (root / "over.md").write_bytes(b"x" * (LIMIT + 1))
    assert len(inside.read_bytes(root, "full.md", LIMIT)) == LIMIT
    assert code_of(root, "over.md") == "TOO_LARGE"


def test_no_descriptor_is_left_open_by_refusals(root: Path) -> None:
    (root / "link").symlink_to("docs")
    before = sorted(os.listdir("/dev/fd"))
    for relpath in ("link/plan.md", "docs", "docs/none.md", "docs/plan.md/x"):
        code_of(root, relpath)
    assert len(os.listdir("/dev/fd")) == len(before)


def naive_read(root: Path, relpath: str) -> bytes:
    """What `inside` replaces: check the resolved path, then open it. The negative control."""
    path = root / relpath
    if not path.resolve().is_relative_to(root.resolve()):
        return b""
    return path.read_bytes()


class Swapper:
    """Swaps the folder `docs` for a link out of the root and back, as fast as it can."""

    def __init__(self, root: Path) -> None:
        self._folder, self._aside = root / "docs", root / "aside"
        self._outside = root.parent / "outside"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._swap)

    def _swap(self) -> None:
        while not self._over.is_set():
            self._folder.rename(self._aside)
            self._folder.symlink_to(self._outside)
            self._folder.unlink()
            self._aside.rename(self._folder)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def test_swapping_links_during_the_call_never_reads_from_outside(root: Path) -> None:
    (root / "docs" / "secret.md").write_text("inner")
    seen: set[bytes] = set()
    with Swapper(root):
        for _ in range(5_000):
            try:
                found = inside.look(root, "docs/secret.md", LIMIT)
            except CallsheetError as error:
                assert error.code == "NOT_ALLOWED"
            else:
                seen.add(found.data if found else b"")
    assert b"inner" in seen
    assert b"secret" not in seen


def test_a_check_before_opening_is_what_the_link_swap_defeats(root: Path) -> None:
    """Without this control the test above could pass because nothing was ever swapped."""
    docs, aside = root / "docs", root / "aside"
    (docs / "secret.md").write_text("inner")
    resolve = Path.resolve

    def resolve_then_swap(path: Path, strict: bool = False) -> Path:
        resolved = resolve(path, strict)
        if path.name == "secret.md":
            docs.rename(aside)
            docs.symlink_to(root.parent / "outside")
        return resolved

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "resolve", resolve_then_swap)
        assert naive_read(root, "docs/secret.md") == b"secret"
    assert code_of(root, "docs/secret.md") == "NOT_ALLOWED"


def test_a_link_swapped_in_between_the_look_and_the_opening_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = root / "docs" / "plan.md"
    real_open = os.open

    def open_after_swap(path: str, flags: int, *args: int, dir_fd: int | None = None) -> int:
        if path == "plan.md":
            target.unlink()
            target.symlink_to(root.parent / "outside" / "secret.md")
        return real_open(path, flags, *args, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", open_after_swap)
    monkeypatch.setattr(os, "supports_dir_fd", {open_after_swap})
    assert code_of(root, "docs/plan.md") == "NOT_ALLOWED"


def test_a_system_without_the_means_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "supports_dir_fd", frozenset[object]())
    with pytest.raises(CallsheetError, match="without following links"):
        inside.look(root, "docs/plan.md", LIMIT)
