"""Recognises paths and globs of a project in running text.

Plans name the files that a task will touch; two running tasks must not share one. What only looks
like a path (a URL, a command, a version) is left out: a missing resource costs less than a false one
that keeps tasks apart for nothing.
"""

import re

_PATH = re.compile(r"[\w.@*{}\[\],+-]+(?:/[\w.@*{}\[\],+-]+)*/?\Z")
_ENDINGS = (
    "py pyi js mjs cjs ts tsx jsx vue svelte rs go java kt swift c h cc cpp hpp cs rb php ex exs heex "
    "eex erl hs lua sh bash zsh ps1 sql html htm css scss sass less md mdx rst txt json jsonc yaml yml "
    "toml ini cfg conf env lock xml svg png proto graphql tf hcl gradle bats nix zig dart scala clj "
    "ipynb csv plist service editorconfig gitignore dockerignore"
)
_EXTENSIONS = frozenset(_ENDINGS.split())
_WELL_KNOWN = frozenset(
    {"dockerfile", "makefile", "justfile", "procfile", "rakefile", "gemfile", "license"}
)


def resource_path(text: str) -> str | None:
    """A path or glob under the project root if `text` looks like one; folders become `folder/**`."""
    path = text.strip().removeprefix("./").lstrip("/")
    if not _PATH.match(path) or ".." in path or "://" in text or len(path) > 300:
        return None
    last = path.rstrip("/").rsplit("/", 1)[-1].lower()
    if path.endswith("/"):
        return path + "**"
    known = last.rsplit(".", 1)[-1] in _EXTENSIONS if "." in last else last in _WELL_KNOWN
    return path if known or "*" in last else None
