"""Which folder is the project.

Every process of a project must come to the same answer, or two assistants would each have a board
of their own. So the search has fixed rules, follows linked git worktrees back to the main one, and
refuses the folders that are nobody's project. Git itself is never run: a repository may name
programs for git to start, and reading two small files is enough.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from callsheet.model.errors import CallsheetError

MARKERS = ("callsheet.toml", ".callsheet", ".claudio")
MAX_POINTER_BYTES = 4096


def find_root(
    project: str | None, *, cwd: Path, environ: Mapping[str, str], home: Path | None
) -> Path:
    """The project's folder: absolute, links resolved.

    `project` is what the user named (`--project`), or else `CALLSHEET_PROJECT`; a relative one
    counts from `cwd`. Without a name: the nearest folder upwards that holds one of `MARKERS`, else
    the git repository, else `cwd`. In a linked git worktree it is the same folder of the main one.
    Errors: BAD_ARGUMENT when the named folder isn't there; NOT_ALLOWED for `/` and `home`.
    """
    cwd = cwd.resolve()
    named = project or environ.get("CALLSHEET_PROJECT")
    home = home.resolve() if home else None
    root = _named(cwd / os.path.expanduser(named)) if named else _nearest(cwd, home)
    if _nobodys(root, home):
        what = f"{root} can't be a project: it is the root of the disk or a home folder."
        raise CallsheetError(
            "NOT_ALLOWED", what, "Go to the project's folder, or name it with --project PATH."
        )
    return root


def repository(folder: Path) -> Path | None:
    """The git work tree that `folder` is in, or None."""
    return next((f for f in (folder, *folder.parents) if os.path.lexists(f / ".git")), None)


def main_worktree(tree: Path) -> Path | None:
    """The main work tree of the linked git work tree `tree`; None when it isn't a linked one.

    A linked tree's `.git` is a file that points to `<common>/worktrees/<name>`, and that folder's
    `gitdir` points back. Without the way back it is not believed: an unpacked archive could
    otherwise send the state into any repository of the user's.
    """
    tree = tree.resolve()
    gitdir = _pointer(tree / ".git", "gitdir: ")
    if gitdir is None:
        return None
    back, common = _pointer(gitdir / "gitdir"), _pointer(gitdir / "commondir")
    if back is None or common is None or back != tree / ".git" or common.name != ".git":
        return None
    return common.parent


def shared(folder: Path) -> Path:
    """The folder itself, or the same one in the main work tree, if that has it."""
    tree = repository(folder)
    main = main_worktree(tree) if tree else None
    if tree is None or main is None:
        return folder
    there = main / folder.relative_to(tree)
    return there if there.is_dir() else folder


def _named(folder: Path) -> Path:
    if not folder.is_dir():
        what = f"The project's folder {folder} is not there."
        raise CallsheetError("BAD_ARGUMENT", what, "Name an existing folder.")
    return shared(folder.resolve())


def _nearest(cwd: Path, home: Path | None) -> Path:
    for folder in (cwd, *cwd.parents):
        if _nobodys(folder, home):  # ~/.claudio is an installation, not a plan
            break
        twin = shared(folder)
        if any(os.path.exists(p / marker) for p in (folder, twin) for marker in MARKERS):
            return twin
    return shared(repository(cwd) or cwd)


def _nobodys(folder: Path, home: Path | None) -> bool:
    return folder in (folder.parent, home)


def _pointer(file: Path, prefix: str = "") -> Path | None:
    """The path that a file of git's holds; a relative one counts from the file's folder."""
    try:
        with file.open("rb") as opened:
            text = os.fsdecode(opened.read(MAX_POINTER_BYTES)).strip()
    except OSError:
        return None
    if not text.startswith(prefix) or not text:
        return None
    return (file.parent / text.removeprefix(prefix)).resolve()
