"""Bringing callsheet's block in a status file up to date, while people edit the same file.

The file is read, the block put in, and right before the new content takes the name the file is
read again: if anybody changed it meanwhile, the work starts over from what they wrote. One process
at a time publishes; the others need not wait, because whoever has the lock writes for all.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from callsheet.files import atomic, block, inside
from callsheet.files.block import Block, Outcome, Splice, splice

STATUS_LIMIT = 2_000_000
"""Bytes of a status file, the user's part included."""
SAVED = ".callsheet/saved"
KEPT = 100
"""Copies of edited files that stay in `.callsheet/saved`."""
SETTLING_MS = 1_000
"""How long an emptied file is left alone: many editors empty a file just before they fill it."""
_TRIES = 20

Step = Literal["read", "saved", "checked"]


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a status file.

    `outcome` is `written`; `unchanged` when it said the same already; `newer_there` when a newer
    revision stands in it; `being_edited` when somebody kept changing it: try again later.
    `saved` is the copy, relative to the root, of a file whose block somebody had edited.
    """

    outcome: Literal["written", "unchanged", "newer_there", "being_edited"]
    saved: str | None = None


@contextmanager
def publishing(lock: Path) -> Iterator[bool]:
    """Whether this process may publish until the end of the block; never waits.

    `lock` is a file outside of anybody's reach, such as `.callsheet/status.lock`; it is made when
    it is missing, and stays. The lock is gone when its holder is, however that came about.
    Errors: OSError when the file cannot be made; NOT_ALLOWED on a system without such locks.
    """
    inside.require_support()
    import fcntl

    file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(file)


def write_block(
    root: Path,
    relpath: str,
    *blocks: Block,
    now_ms: int,
    passing: Callable[[Step], None] = lambda step: None,
) -> Written:
    """Bring the blocks, each of a plan, in `relpath` up to date; only while `publishing`.

    A missing file is made, with the first block's heading as its title. If somebody edited inside
    a block, the whole file is first kept under `.callsheet/saved/`. `now_ms` is the wall clock in
    epoch milliseconds. `passing` is told each step; tests use it to interfere.

    Errors: NOT_ALLOWED, TOO_LARGE, BAD_ARGUMENT, STORE_FULL, STORE_READONLY; the file is then as
    it was.
    """
    atomic.clear_leftovers(root, relpath)
    for _ in range(_TRIES):
        seen = inside.look(root, relpath, STATUS_LIMIT)
        passing("read")
        if seen and not seen.data and 0 <= now_ms - seen.mtime_ns // 1_000_000 < SETTLING_MS:
            return Written("being_edited")
        content = seen.data if seen else b""
        spliced = _splice_all(content, blocks)
        if spliced.data is None:
            return Written(spliced.outcome)
        saved = _save(root, relpath, content) if spliced.edited else None
        passing("saved")

        if atomic.replace_seen(
            root, relpath, spliced.data, seen, checked=lambda: passing("checked")
        ):
            return Written("written", saved)
    return Written("being_edited")


def revisions(root: Path, relpath: str, store: str) -> dict[str, int]:
    """By plan, the revision in `relpath` that the database `store` wrote; edited blocks have none.

    Errors: as for `write_block`.
    """
    seen = inside.look(root, relpath, STATUS_LIMIT)
    return block.revisions(seen.data, store) if seen else {}


def prune_saved(root: Path, keep: int = KEPT) -> None:
    """Remove all but the newest `keep` copies of files whose blocks were edited."""
    with suppress(FileNotFoundError), inside.folder(root, inside.components(SAVED)) as folder:
        copies = [(os.stat(name, dir_fd=folder).st_mtime_ns, name) for name in os.listdir(folder)]
        for _, name in sorted(copies)[:-keep]:
            os.unlink(name, dir_fd=folder)


def _splice_all(content: bytes, blocks: Sequence[Block]) -> Splice:
    """One new content with all blocks in it; None when none of them changes anything."""
    outcome: Outcome = "unchanged"
    edited = False
    fresh = content
    for one in blocks:
        spliced = splice(fresh, one)
        if spliced.data is not None:
            fresh = spliced.data
        if outcome != "written" and spliced.outcome != "unchanged":
            outcome = spliced.outcome
        edited |= spliced.edited
    return Splice(outcome, fresh if outcome == "written" else None, edited)


def _save(root: Path, relpath: str, content: bytes) -> str:
    """Keep `content`; the name tells its content, so that saving it twice makes one copy."""
    digest = hashlib.sha256(content).hexdigest()[:16]
    # The path as a flat name; the digest keeps two files apart whose flat names are the same.
    name = "__".join(inside.components(relpath)).lstrip(".")[-100:]
    saved = f"{SAVED}/{digest}-{name}"
    atomic.replace(root, saved, content, mode=0o600)
    return saved
