"""The labels that Claudio's pages use, by what they mean.

All are compared in the form that `fields.normal` gives: lower case, no emoji, no punctuation.
"""

import re
from functools import lru_cache

DEPENDS = frozenset(
    {
        "dependencies", "dependency", "depends on", "depends", "prerequisites", "prerequisite",
        "prerequisite tasks", "prerequisite task", "task dependencies", "internal dependencies",
        "requires", "required", "required tasks", "blocked by", "waiting on", "waiting for",
        "predecessors", "after", "code", "code dependencies", "hard dependencies",
    }
)  # fmt: skip
BLOCKS = frozenset(
    {
        "blocks", "blocking", "enables", "unblocks", "required by", "enables next tasks",
        "blocks tasks", "enables tasks", "dependents", "successors", "blocked tasks",
    }
)  # fmt: skip
ESTIMATE = frozenset(
    {
        "effort", "estimate", "estimation", "duration", "estimated effort", "estimated time",
        "time estimate", "estimated duration", "estimated hours", "effort estimate", "time",
    }
)  # fmt: skip
STATUS = frozenset({"status", "task status", "current status", "state"})
AGENT = frozenset(
    {"agent", "assigned agent", "route", "sub-agent", "subagent", "assignee", "assigned", "owner"}
)
PLAIN_ACCEPTANCE = frozenset({"acceptance", "acceptance criteria", "done when"})
SUCCESS = "success criteria"

_ACCEPTANCE = re.compile(r"acceptance criteria \w+")
_OVERVIEW = re.compile(
    r"(task |general |basic )?(overview|information|info|details?|summary|metadata|status|properties"
    r"|progress summary|progress tracking|progress|description)"
)
_FILES = re.compile(
    r"(files?|paths?|components?) (to )?(be )?(modif|creat|chang|edit|updat|touch|delet|review)\w*"
)


@lru_cache(maxsize=1_024)
def is_acceptance(name: str) -> bool:
    """Whether a heading or label announces acceptance criteria, of whatever kind."""
    return name in PLAIN_ACCEPTANCE or _ACCEPTANCE.fullmatch(name) is not None


@lru_cache(maxsize=1_024)
def is_overview(name: str) -> bool:
    """Whether fields under this heading or label are the task's own; "" is no heading at all."""
    return not name or _OVERVIEW.fullmatch(name) is not None


@lru_cache(maxsize=1_024)
def names_files(name: str) -> bool:
    """Whether a list under this heading or label names files that the task will touch."""
    return name == "deliverables" or _FILES.match(name) is not None


@lru_cache(maxsize=1_024)
def is_plain_frame(name: str) -> bool:
    """Whether a heading or label says nothing by itself, so that it can go with what it frames."""
    return name in PLAIN_ACCEPTANCE or name == SUCCESS or name in DEPENDS or is_overview(name)
