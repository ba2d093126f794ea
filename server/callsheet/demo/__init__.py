"""The demonstration: a plan drained by scripted agents over real stdio servers.

stage    prepares a folder: the bundled project, or a copy of the user's plan
script   what the agents do with the bundled project, its one failure included
agents   the loop of one agent, an MCP client with a server process of its own
tally    what happened, counted from the agents' events (pure)
play     all of it together
"""
