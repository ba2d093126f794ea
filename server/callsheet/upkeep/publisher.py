"""Keeps the status files true, together with all other processes of the project.

Whoever sees first that the database has moved on from the project page takes the publishing lock,
reads what has changed since the revision in that page, all in one snapshot, and writes the pages
concerned, the project page last. So its revision says that all other pages are at least that new,
and the next publisher, in whatever process, goes on from there: one that was killed on the way
leaves nothing wrong behind.

Looking costs one cheap read and one stat, four times a second. Pages are written at most once a
second: the time of the last writing is that of the lock file.
"""

import os
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from callsheet.engine import pages
from callsheet.engine.env import Env
from callsheet.engine.pages import Item, Known, Page, Stamp
from callsheet.files.status import publishing, revisions
from callsheet.model.errors import CallsheetError
from callsheet.store.port import Store
from callsheet.upkeep.complaints import Complaints
from callsheet.upkeep.writer import PROJECT_PAGE, Writer

LOCK = ".callsheet/status.lock"
LOOK_SECONDS = 0.25
APART_MS = 1_000
AT_ONCE = 200
"""Pages that are read in one snapshot, so that other reads need not wait for long."""
AFTER_FAILURE_MS = 5_000
SUBJECT = "The status files could not be brought up to date"

Mark = tuple[int, int, int]
"""Inode, time and size of a file: whether somebody has touched it."""


class Publisher:
    """Publishes for one process."""

    def __init__(self, store: Store, env: Env, root: Path, complaints: Complaints) -> None:
        self._store = store
        self._env = env
        self._root = root
        self._complaints = complaints
        self._lock = root / LOCK
        self._covered: tuple[int, Mark | None] | None = None
        self._owed: dict[str, tuple[Item, ...]] = {}
        self._not_before = 0
        self._seen: int | None = None

    async def keep(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Publish what changes, and tell `changed` of it, until cancelled."""
        told = None
        while True:
            await self.step()
            if told is not None and told != self._seen:
                await changed()
            told = self._seen
            await anyio.sleep(LOOK_SECONDS)

    async def step(self) -> bool:
        """Look once, and publish if there is something new and it is time.

        True when the files say all that is in the database.
        """
        if self._env.clock.now().mono < self._not_before:
            return False
        return await self._guarded(at_once=False)

    async def now(self) -> None:
        """Publish all that is in the database by now, however short ago somebody else did.

        Goes on until that is done or fails; wait no longer than you want to.
        """
        while True:
            if await self._guarded(at_once=True) or self._not_before:
                return
            await anyio.sleep(LOOK_SECONDS / 10)

    async def _guarded(self, *, at_once: bool) -> bool:
        try:
            current = await self._publish(at_once)
        except (CallsheetError, OSError) as error:
            self._complaints.about(SUBJECT, error)
            self._not_before = self._env.clock.now().mono + AFTER_FAILURE_MS
            return False
        self._complaints.cured(SUBJECT)
        return current

    async def _publish(self, at_once: bool) -> bool:
        stamp = await self._store.read(pages.stamp)
        if self._seen is None:
            self._seen = stamp.seq  # all that comes after the first look is a change
        mark = _mark(self._root / PROJECT_PAGE)
        if (stamp.seq, mark) == self._covered:
            return True
        last = self._last_written()
        if not at_once and self._too_soon(last):
            return False
        self._seen = stamp.seq
        if not self._owed and await self._is_current(stamp, mark):
            return True
        with publishing(self._lock) as mine:
            if not mine or (not at_once and last is not None and self._last_written() != last):
                return False  # somebody else is at it, or was in this very moment
            wall_ns = self._env.clock.now().wall * 1_000_000
            os.utime(self._lock, ns=(wall_ns, wall_ns))
            return await self._write(stamp.uid)

    async def _is_current(self, stamp: Stamp, mark: Mark | None) -> bool:
        """Whether the project page, as somebody else wrote it, says all there is to say."""
        known = await self._revisions(stamp.uid)
        plans = await self._store.read(pages.plan_names)
        current = all(known.get(plan, -1) >= stamp.seq for plan in plans)
        if current:
            self._covered = (stamp.seq, mark)
        return current

    async def _write(self, uid: str) -> bool:
        writer = Writer(self._root, uid, self._env.clock.now().wall, self._complaints)
        known = await self._catch_up(writer, await self._revisions(uid))
        owed, self._owed = self._owed, {}
        now = await self._store.read(lambda: pages.snapshot(self._env, known, owed))
        for plan in now.plans:
            await self._write_pages(writer, plan.name, plan.pages)
        done = await anyio.to_thread.run_sync(writer.project, now)
        self._covered = None
        if done and not self._owed:
            self._covered = (now.stamp.seq, _mark(self._root / PROJECT_PAGE))
        return done

    async def _catch_up(self, writer: Writer, known: Known) -> Known:
        """Write most pages beforehand when there are too many for one snapshot."""
        late = await self._store.read(lambda: pages.out_of_date(known))
        if sum(map(len, late.items.values())) <= AT_ONCE:
            return known
        for plan, items in late.items.items():
            for start in range(0, len(items), AT_ONCE):
                some = items[start : start + AT_ONCE]
                found = await self._store.read(partial(pages.pages, self._env, plan, some))
                await self._write_pages(writer, plan, found)
        return dict.fromkeys(late.items, late.stamp.seq)

    async def _write_pages(self, writer: Writer, plan: str, found: Sequence[Page]) -> None:
        owed = await anyio.to_thread.run_sync(writer.pages, plan, found)
        if owed:
            self._owed[plan] = (*self._owed.get(plan, ()), *owed)

    async def _revisions(self, uid: str) -> Known:
        return await anyio.to_thread.run_sync(revisions, self._root, PROJECT_PAGE, uid)

    def _last_written(self) -> int | None:
        """The wall time of the last writing, in nanoseconds."""
        try:
            return os.stat(self._lock).st_mtime_ns
        except FileNotFoundError:
            return None

    def _too_soon(self, last: int | None) -> bool:
        """Whether somebody has written within the last second; a time to come says nothing."""
        if last is None:
            return False
        return 0 <= self._env.clock.now().wall - last // 1_000_000 < APART_MS


def _mark(path: Path) -> Mark | None:
    try:
        found = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
