"""The MCP tools: one function a tool; thin: arguments, engine, answer."""
