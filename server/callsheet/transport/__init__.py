"""MCP: the one place where outcomes and errors become protocol."""
