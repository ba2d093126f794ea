"""An answer that must leave no trace: the transaction that found it is rolled back."""

from typing import Any


class RolledBack(Exception):
    """Raised by an operation to undo all it wrote and answer `answer`: dry runs, idle claims."""

    def __init__(self, answer: Any) -> None:
        super().__init__("rolled back")
        self.answer = answer
