"""Saying what went wrong in the background: once a cause, not once a second."""

import logging

from callsheet.model.errors import CallsheetError

LOG = logging.getLogger("callsheet")


class Complaints:
    """Remembers, by subject, what it has said; a subject that was cured may be spoken of again."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def about(self, subject: str, error: BaseException) -> None:
        """Log an error, unless the last about the same subject was the same."""
        text = str(error)
        cause = error.code if isinstance(error, CallsheetError) else f"{type(error).__name__}"
        if self._said.get(subject) != cause:
            self._said[subject] = cause
            LOG.warning("%s: %s", subject, text)

    def cured(self, subject: str) -> None:
        self._said.pop(subject, None)
