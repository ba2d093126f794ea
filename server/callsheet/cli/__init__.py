"""The command line: one module a group of commands, each a thin face of one operation.

A command returns a value; `frame` prints it as JSON or hands it to the command's own `show`, and
turns refusals into exit codes. Rich is imported only where something moves on the screen.
"""
