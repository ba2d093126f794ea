"""Measurements: what callsheet costs beside an empty MCP server on the same machine, same minute."""
