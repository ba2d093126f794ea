"""Wall times as people read them."""

from datetime import UTC, datetime


def iso(wall_ms: int) -> str:
    """`2026-11-22T14:05:09Z` from milliseconds since 1970."""
    stamp = datetime.fromtimestamp(wall_ms // 1000, UTC)
    return stamp.strftime("%Y-%m-%dT%H:%M:%SZ")
