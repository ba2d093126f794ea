"""Where the project is: by name, by its markers, by git, and never the whole disk."""

import subprocess
from pathlib import Path

import pytest

from callsheet.files.root import find_root, main_worktree
from callsheet.model.errors import CallsheetError


def root_of(cwd: Path, project: str | None = None, home: Path | None = None, **env: str) -> Path:
    return find_root(project, cwd=cwd, environ=env, home=home)


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


def git(*words: str, cwd: Path) -> None:
    name = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *name, *words], cwd=cwd, check=True, capture_output=True)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    tree = folder(tmp_path / "main")
    git("init", "-q", cwd=tree)
    (folder(tree / "app") / "callsheet.toml").touch()
    git("add", ".", cwd=tree)
    git("commit", "-qm", "first", cwd=tree)
    return tree


def test_the_option_wins_over_the_variable(tmp_path: Path) -> None:
    one, two = folder(tmp_path / "one"), folder(tmp_path / "two")
    assert root_of(tmp_path, "one", CALLSHEET_PROJECT=str(two)) == one
    assert root_of(tmp_path, CALLSHEET_PROJECT=str(two)) == two


def test_a_named_project_needs_no_marker_and_is_not_searched_upwards(tmp_path: Path) -> None:
    (tmp_path / "callsheet.toml").touch()
    sub = folder(tmp_path / "named")
    assert root_of(tmp_path, "named") == sub


def test_a_named_project_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CallsheetError, match="BAD_ARGUMENT: .*missing is not there"):
        root_of(tmp_path, "missing")


@pytest.mark.parametrize("marker", ["callsheet.toml", ".callsheet", ".claudio"])
def test_the_nearest_folder_with_a_marker_is_the_project(tmp_path: Path, marker: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "outer" / marker).mkdir(parents=True)
    (tmp_path / "outer" / "inner" / marker).mkdir(parents=True)
    deep = folder(tmp_path / "outer" / "inner" / "src" / "api")
    assert root_of(deep) == tmp_path / "outer" / "inner"


def test_without_a_marker_the_git_repository_is_the_project(tmp_path: Path) -> None:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    assert root_of(folder(tmp_path / "repo" / "src")) == tmp_path / "repo"


def test_without_anything_the_current_folder_is_the_project(tmp_path: Path) -> None:
    home = folder(tmp_path / "home")
    assert root_of(folder(home / "a"), home=home) == home / "a"


def test_the_root_of_the_disk_and_the_home_folder_are_refused(tmp_path: Path) -> None:
    for cwd, project in ((Path("/"), None), (tmp_path, None), (tmp_path, "/"), (tmp_path, ".")):
        with pytest.raises(CallsheetError, match="NOT_ALLOWED"):
            root_of(cwd, project, home=tmp_path)


def test_markers_in_the_home_folder_do_not_claim_the_folders_below_it(tmp_path: Path) -> None:
    (tmp_path / ".claudio").mkdir()
    assert root_of(folder(tmp_path / "project"), home=tmp_path) == tmp_path / "project"


def test_a_link_to_a_project_leads_to_the_same_root(tmp_path: Path) -> None:
    real = folder(tmp_path / "real")
    (real / "callsheet.toml").touch()
    (tmp_path / "link").symlink_to(real)
    assert root_of(tmp_path / "link") == root_of(tmp_path, "link") == real


def test_a_linked_worktree_shares_the_folder_of_the_main_one(repo: Path, tmp_path: Path) -> None:
    git("worktree", "add", "-q", "../linked", cwd=repo)
    linked = tmp_path / "linked"
    assert root_of(linked / "app") == repo / "app"
    assert root_of(linked, str(linked / "app")) == repo / "app"
    assert root_of(linked) == repo


def test_a_marker_that_only_the_main_worktree_has_counts_too(repo: Path, tmp_path: Path) -> None:
    (folder(repo / "app" / "core") / "x").touch()
    git("add", ".", cwd=repo)
    git("commit", "-qm", "second", cwd=repo)
    git("worktree", "add", "-q", "../linked", cwd=repo)
    (repo / "app" / "core" / ".callsheet").mkdir()
    assert root_of(tmp_path / "linked" / "app" / "core") == repo / "app" / "core"


def test_a_worktree_inside_the_main_one_finds_the_main_one(repo: Path) -> None:
    git("worktree", "add", "-q", ".worktrees/one", cwd=repo)
    assert root_of(repo / ".worktrees" / "one") == repo


def test_a_folder_that_only_the_linked_worktree_has_is_its_own_project(
    repo: Path, tmp_path: Path
) -> None:
    git("worktree", "add", "-q", "../linked", cwd=repo)
    (tmp_path / "linked" / "new" / ".claudio").mkdir(parents=True)
    assert root_of(tmp_path / "linked" / "new") == tmp_path / "linked" / "new"


def test_a_pointer_without_the_way_back_is_not_believed(repo: Path, tmp_path: Path) -> None:
    git("worktree", "add", "-q", "../linked", cwd=repo)
    forged = folder(tmp_path / "forged")
    (forged / ".git").write_bytes((tmp_path / "linked" / ".git").read_bytes())
    assert main_worktree(tmp_path / "linked") == repo
    assert main_worktree(forged) is None
    assert root_of(forged) == forged


def test_relative_pointers_are_followed_from_where_they_stand(tmp_path: Path) -> None:
    private = folder(tmp_path / "main" / ".git" / "worktrees" / "w")
    linked = folder(tmp_path / "w")
    (linked / ".git").write_text("gitdir: ../main/.git/worktrees/w\n")
    (private / "gitdir").write_text("../../../../w/.git\n")
    (private / "commondir").write_text("../..\n")
    assert main_worktree(linked) == tmp_path / "main"


def test_a_submodule_and_the_worktree_of_a_bare_repository_are_their_own(tmp_path: Path) -> None:
    module = folder(tmp_path / "module")
    (folder(tmp_path / ".git" / "modules" / "module") / "HEAD").touch()
    (module / ".git").write_text("gitdir: ../.git/modules/module\n")
    assert main_worktree(module) is None
    private = folder(tmp_path / "bare.git" / "worktrees" / "w")
    linked = folder(tmp_path / "w")
    (linked / ".git").write_text(f"gitdir: {private}\n")
    (private / "gitdir").write_text(f"{linked}/.git\n")
    (private / "commondir").write_text("../..\n")
    assert main_worktree(linked) is None
