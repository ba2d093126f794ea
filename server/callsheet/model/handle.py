"""The claim handle: what the holder of a task shows to report, complete, fail or release it.

`1.2@3-q7x2m9` is task 1.2, attempt 3, and a secret that only its holder was told. Keys have no
`@` in them (DESIGN section 12), so the last one divides.
"""

import re
from typing import NamedTuple

from callsheet.model.errors import CallsheetError

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""No 0, 1, i, l, o: handles are copied by models and people."""
SECRET_CHARS = 6
_HANDLE = re.compile(
    rf"(?P<key>\S{{1,140}})@(?P<attempt>\d{{1,9}})-(?P<secret>[{ALPHABET}]{{{SECRET_CHARS}}})"
)


class Handle(NamedTuple):
    key: str
    attempt: int
    secret: str

    def __str__(self) -> str:
        return f"{self.key}@{self.attempt}-{self.secret}"


def parse(text: str) -> Handle:
    """A handle from its written form; BAD_ARGUMENT when it is not one."""
    match = _HANDLE.fullmatch(text.strip().strip("`'\""))
    if match is None:
        raise CallsheetError(
            "BAD_ARGUMENT",
            f"{text[:80]!r} is not a claim.",
            "Give the claim exactly as claim_task returned it, such as 1.2@3-q7x2m9; "
            "get_progress with your agent name lists the claims you hold.",
        )
    return Handle(match["key"], int(match["attempt"]), match["secret"])
