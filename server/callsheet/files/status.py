"""Bringing callsheet's block in a status file up to date, while people edit the same file.

The file is read, the block put in, and right before the new content takes the name the file is
read again: if anybody changed it meanwhile, the work starts over from what they wrote. One process
at a time publishes; the others need not wait, because whoever has the lock writes for all.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from callsheet.files import atomic, inside
from callsheet.files.block import Block, splice

STATUS_LIMIT = 2_000_000
"""Bytes of a status file, the user's part included."""
SAVED = ".callsheet/saved"
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
    block: Block,
    *,
    now_ms: int,
    passing: Callable[[Step], None] = lambda step: None,
) -> Written:
    """Bring the block of `block.plan` in `relpath` up to date; only while `publishing`.

    A missing file is made, with the block's heading as its title. If somebody edited inside the
    block, the whole file is first kept under `.callsheet/saved/`. `now_ms` is the wall clock in
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
        spliced = splice(content, block)
        if spliced.data is None:
            return Written(spliced.outcome)
        saved = _save(root, relpath, content) if spliced.edited else None
        passing("saved")

        if atomic.replace_seen(
            root, relpath, spliced.data, seen, checked=lambda: passing("checked")
        ):
            return Written("written", saved)
    return Written("being_edited")


def _save(root: Path, relpath: str, content: bytes) -> str:
    """Keep `content`; the name tells its content, so that saving it twice makes one copy."""
    digest = hashlib.sha256(content).hexdigest()[:16]
    # The path as a flat name; the digest keeps two files apart whose flat names are the same.
    name = "__".join(inside.components(relpath)).lstrip(".")[-100:]
    saved = f"{SAVED}/{digest}-{name}"
    atomic.replace(root, saved, content, mode=0o600)
    return saved
