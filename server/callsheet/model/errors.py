"""Every refusal has a stable code, says what happened, and what to do next.

`CallsheetError` is for faults and refusals. Expected answers, such as "nothing to hand out",
are values (`model.outcome`). The codes are part of the interface and are listed in docs/errors.md.
"""

from typing import Literal, get_args

Code = Literal[
    "STALE_CLAIM",  # the claim was superseded or ended
    "UNKNOWN_TASK",
    "UNKNOWN_PLAN",
    "NO_RUN",
    "RUN_EXISTS",
    "CYCLE",
    "BAD_PLAN",
    "BAD_ARGUMENT",
    "TOO_LARGE",
    "NOT_ALLOWED",
    "UNTRUSTED",
    "CONFLICT",
    "STORE_BUSY",
    "STORE_READONLY",
    "STORE_FULL",
    "STORE_CORRUPT",
    "STORE_NEWER",
    "STORE_GONE",
    "INTERNAL",  # a fault of callsheet's own
]
CODES: tuple[Code, ...] = get_args(Code)


class CallsheetError(Exception):
    """A refusal: `CODE: what happened. What to do next.`

    `what` and `next` are whole sentences. `next` is never empty: whoever reads the error,
    a person or an assistant, must know how to go on.
    """

    def __init__(self, code: Code, what: str, next: str) -> None:
        super().__init__(f"{code}: {what} {next}")
        self.code: Code = code
        self.what = what
        self.next = next
