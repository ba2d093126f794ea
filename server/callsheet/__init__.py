"""callsheet: one plan, many AI assistants.

A plan goes in, becomes a task graph in SQLite, and is handed out over MCP. The assistant is the
executor; this package enforces order, limits, locks and leases. The folders are the layers,
each importing only those below it (checked by import-linter, see pyproject.toml):

    __main__, cli   the command line
    app             the composition root: the one place that knows all parts
    transport       MCP: the one place where outcomes and errors become protocol
    (callsheet_tools)  one function a tool
    engine          the operations, as generators that yield SQL
    views, files    text from values; the disk
    store           the port, SQLite, migrations
    plan            parsers: text in, drafts out
    model           pure values and rules
"""

__version__ = "0.1.0"
