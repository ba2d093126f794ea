"""What two running tasks must not share.

A resource is written as a path or glob (`src/api/**`), `shared:PATH` for a reader's hold,
`name:release-notes` for anything else that is one of a kind, or `pool:staging-db*2` for units of
a pool with a capacity. Globs are relative to the project root, `/` between components, `*` and
`?` within one, `**` across; matching is case-sensitive (DESIGN section 12).
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from callsheet.model.errors import CallsheetError

Kind = Literal["path", "name", "pool"]
MAX_CHARS = 512
_UNITS = re.compile(r"[1-9][0-9]{0,5}")
_WILD = re.compile(r"[*?\[]")


class Resource(NamedTuple):
    kind: Kind
    value: str
    shared: bool = False
    units: int = 1

    def __str__(self) -> str:
        text = self.value if self.kind == "path" else f"{self.kind}:{self.value}"
        text = f"{text}*{self.units}" if self.kind == "pool" and self.units != 1 else text
        return f"shared:{text}" if self.shared else text


@lru_cache(maxsize=4096)
def parse(text: str) -> Resource:
    """A resource from its written form. BAD_ARGUMENT when it is empty, too long or leaves the root."""
    text = text.strip()
    if not text or len(text) > MAX_CHARS or any(ord(c) < 32 for c in text):
        raise _bad(text, "is empty, longer than 512 characters or has control characters")
    if text.startswith("pool:"):
        name, star, units = text[5:].partition("*")
        if not name or (star and not _UNITS.fullmatch(units)):
            raise _bad(text, "is not pool:NAME or pool:NAME*UNITS")
        return Resource("pool", name, units=int(units) if star else 1)
    shared = text.startswith("shared:")
    body = text[7:] if shared else text
    if body.startswith("name:"):
        if not body[5:]:
            raise _bad(text, "names nothing")
        return Resource("name", body[5:], shared)
    return Resource("path", _path(body, text), shared)


def _path(body: str, text: str) -> str:
    parts = [p for p in body.replace("\\", "/").split("/") if p not in ("", ".")]
    if body.startswith("/") or ".." in parts or not parts:
        raise _bad(text, "is not a path inside the project")
    if body.endswith("/"):
        parts.append("**")  # a folder means all that is in it
    return "/".join(parts)


def _bad(text: str, why: str) -> CallsheetError:
    return CallsheetError(
        "BAD_ARGUMENT",
        f"The resource {text[:80]!r} {why}.",
        "Write a path or glob such as src/api/**, shared:PATH, name:NAME or pool:NAME*UNITS.",
    )


def clash(wanted: Resource, held: Resource) -> bool:
    """Whether two tasks must not hold these at the same time. Pools are counted, not compared."""
    if wanted.kind != held.kind or wanted.kind == "pool" or (wanted.shared and held.shared):
        return False
    return (
        wanted.value == held.value if wanted.kind == "name" else overlap(wanted.value, held.value)
    )


def overlap(a: str, b: str) -> bool:
    """Whether some path may match both globs. May say yes too often, never no wrongly.

    A path also stands for what is below it: `src` and `src/a.py` overlap, since a task that
    holds a folder may touch all of it.
    """
    return _overlap(tuple(a.split("/")), tuple(b.split("/")))


@lru_cache(maxsize=16384)
def _overlap(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    # both[j]: some path is matched by the first i components of a and the first j of b.
    a, b = (*a, "**"), (*b, "**")  # what is below
    both = [all(part == "**" for part in b[:j]) for j in range(len(b) + 1)]
    for part in a:
        above, both = both, [both[0] and part == "**"]
        for j, other in enumerate(b, 1):
            if "**" in (part, other):  # it stands for nothing, or swallows a component
                both.append(above[j] or both[j - 1])
            else:
                both.append(above[j - 1] and _parts_overlap(part, other))
    return both[-1]


def _parts_overlap(a: str, b: str) -> bool:
    """Two components: equal, or their literal beginnings and endings agree where both have one."""
    if not _WILD.search(a) and not _WILD.search(b):
        return a == b
    (head_a, tail_a), (head_b, tail_b) = _ends(a), _ends(b)
    heads = head_a.startswith(head_b) or head_b.startswith(head_a)
    return heads and (tail_a.endswith(tail_b) or tail_b.endswith(tail_a))


def _ends(part: str) -> tuple[str, str]:
    """The literal text before the first wildcard, and after the last one (`]` ends one, too)."""
    if not _WILD.search(part):
        return part, part
    return _WILD.split(part, maxsplit=1)[0], re.split(r"[*?\]]", part)[-1]


def wait_key(held: Resource) -> str:
    """What a task parks on when this held resource is in its way: any unit of a pool is as good."""
    return f"pool:{held.value}" if held.kind == "pool" else str(held)


def obstacle(
    wanted: Iterable[Resource], held: Iterable[Resource], capacity: Mapping[str, int]
) -> str | None:
    """The `wait_key` of a held resource that keeps these from being taken now, or None.

    Input: what the task wants, what running tasks hold (each task's own entry), and the pools'
    capacities. A pool that nobody declared has capacity 1; a task that wants more units than
    there are gets all of them.
    """
    holds = list(held)
    for want in wanted:
        if want.kind != "pool":
            for other in holds:
                if clash(want, other):
                    return wait_key(other)
        elif not _has_room(want, holds, capacity.get(want.value, 1)):
            return wait_key(want)
    return None


def _has_room(want: Resource, held: Iterable[Resource], capacity: int) -> bool:
    taken = sum(r.units for r in held if r.kind == "pool" and r.value == want.value)
    return taken == 0 or taken + min(want.units, capacity) <= capacity
