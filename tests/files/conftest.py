"""What several tests of the disk need."""

from pathlib import Path

import pytest

from callsheet.files import inside, swap


@pytest.fixture
def exchangeable(tmp_path: Path) -> None:
    """Skips where names cannot be exchanged: only there can edits of the last moment be kept."""
    (tmp_path / "one").touch()
    (tmp_path / "other").touch()
    with inside.folder(tmp_path, ()) as parent:
        supported = swap._exchange(parent, "one", "other")
    (tmp_path / "one").unlink()
    (tmp_path / "other").unlink()
    if not supported:
        pytest.skip("this file system cannot exchange two names in one step")
