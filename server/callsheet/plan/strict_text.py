"""What the strict readers of JSON and YAML have in common."""

ItemLines = dict[str, list[int]]
"""For each list that is a field of the whole file, the line (1-based) of each of its items."""


class UnfitText(ValueError):
    """Well-formed text that a plan must not contain; says what, and where if that is known."""
