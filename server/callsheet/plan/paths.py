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
_NAMED = re.compile(r"(?:(?:shared:)?name|pool):[\w./-]+(?:\*\d+)?\Z")
_SHARED = "shared:"


def resources(text: str) -> list[str]:
    """What a `Resources` field names, in callsheet's own notation.

    `name:staging-env`, `pool:db*2`, `shared:src/a.py`, paths and globs, with commas between them.
    The rest ("two developers") is for people and stays in the brief.
    """
    found = (_resource(item.strip(" \t`")) for item in re.split("[,;]", text))
    return [resource for resource in found if resource]


def _resource(text: str) -> str | None:
    if _NAMED.match(text):
        return text
    path = resource_path(text.removeprefix(_SHARED))
    return f"{_SHARED}{path}" if path and text.startswith(_SHARED) else path


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
