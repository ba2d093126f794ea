"""Every SQL text of the engine, in the common subset of SQLite and PostgreSQL, by operation.

The comments say why a statement is as it is; what it is for stands where it is used.
"""
