"""`python -m bench`: measure what callsheet promises in numbers, and print a table."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from bench import alone, calls, dispatch, many, projects
from bench.report import Line, table

Row = Callable[[argparse.Namespace], Iterator[Line]]


def _start(options: argparse.Namespace) -> Iterator[Line]:
    yield alone.start(5 if options.quick else 15)


def _claims(options: argparse.Namespace) -> Iterator[Line]:
    sizes = (100, 10_000) if options.quick else (100, 10_000, 100_000)
    for synchronous in ("FULL", "NORMAL"):
        yield from calls.claims(sizes, 95 if options.quick else 380, synchronous)


def _drain(options: argparse.Namespace) -> Iterator[Line]:
    for synchronous in ("FULL", "NORMAL"):
        yield calls.drain(calls.DRAINED, synchronous, 1 if options.quick else 3)


def _swarm(options: argparse.Namespace) -> Iterator[Line]:
    yield many.swarm(times=1 if options.quick else 3)


def _crowd(options: argparse.Namespace) -> Iterator[Line]:
    yield many.crowd(tasks_each=5 if options.quick else 12)


def _idle(options: argparse.Namespace) -> Iterator[Line]:
    yield many.idle(seconds=6 if options.quick else 20)


def _sizes(options: argparse.Namespace) -> Iterator[Line]:
    yield from alone.sizes()


def _load(options: argparse.Namespace) -> Iterator[Line]:
    for tasks in (10_000,) if options.quick else (10_000, 100_000):
        yield alone.load(tasks)


def _dispatch(options: argparse.Namespace) -> Iterator[Line]:
    yield from dispatch.quality(Path(options.dispatch) if options.dispatch else None)


ROWS: dict[str, Row] = {
    "start": _start,
    "claims": _claims,
    "drain": _drain,
    "swarm": _swarm,
    "crowd": _crowd,
    "idle": _idle,
    "sizes": _sizes,
    "load": _load,
    "dispatch": _dispatch,
}


def main() -> int:
    """0 when every bar that was measured is met, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no plan of 100,000")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW")
    parser.add_argument("--dispatch", default=os.environ.get("CALLSHEET_DISPATCH"), metavar="PATH")
    parser.add_argument("--json", action="store_true", help="print the lines as JSON")
    options = parser.parse_args()
    projects.use_checkout()
    lines: list[Line] = []
    for name in options.rows:
        sys.stderr.write(f"measuring {name} …\n")
        lines += ROWS[name](options)
    shown = json.dumps([asdict(line) for line in lines], indent=2) if options.json else table(lines)
    sys.stdout.write(f"{shown}\n")
    return int(any(line.verdict == "MISSED" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
