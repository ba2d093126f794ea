"""`callsheet` and `python -m callsheet`."""

import io
import sys


def main() -> None:
    """The entry point of the command line. Exits with 0, 1 or 2: see `cli/frame.py`."""
    from callsheet.cli.main import callsheet

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that can't show a sign shows a `?`
            stream.reconfigure(errors="replace")
    callsheet(prog_name="callsheet")


if __name__ == "__main__":
    main()
