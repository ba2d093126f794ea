"""The operations: plain generators that yield SQL and receive rows (see store/port.py)."""
