"""Runs benchmarks one after the other and prints their rows: make bench ARGS="churn commands"."""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import pkgutil
import platform
import sys
from pathlib import Path

from lakehouse.base.errors import LakehouseError, unknown
from lakehouse.terminal.output import write


def main(words: list[str]) -> int:
    """Measure what is asked for, or all there is."""
    parser = argparse.ArgumentParser("make bench", description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--minutes", type=float, default=10, help="how long `load` measures delays")
    parser.add_argument("--rate", type=float, default=0, help="at how many events a second")
    parser.add_argument("--years", type=int, default=16, help="of history, for `history`")
    told = parser.parse_args(words)
    known = sorted(
        page.name
        for page in pkgutil.iter_modules([str(Path(__file__).parent)])
        if not page.name.startswith("_")
    )
    try:
        for name in told.names or known:
            if name not in known:
                raise unknown("benchmark", name, known)
            page = importlib.import_module(f"benchmarks.{name}")
            print(f"\n{name}: {page.__doc__.splitlines()[0]}")
            takes = inspect.signature(page.measure).parameters
            write(page.measure(**{each: getattr(told, each) for each in takes}))
    except LakehouseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    python = platform.python_version()
    busy = os.getloadavg()[0]
    print(f"\n{os.cpu_count()} cores, Python {python}, load {busy:.1f} at the end", file=sys.stderr)
    return 0


sys.exit(main(sys.argv[1:]))
