"""`callsheet` and `python -m callsheet`."""


def main() -> None:
    """The entry point of the command line. Exits with 0, 1 or 2: see `cli/frame.py`."""
    from callsheet.cli.main import callsheet

    callsheet(prog_name="callsheet")


if __name__ == "__main__":
    main()
