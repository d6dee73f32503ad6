"""Plant faults in the engine, one at a time, and see whether the tests notice.

    python scripts/mutants.py [ROOM ...] [--count 20] [--seed 1]

A sample of the faults that mutmut knows (another operator, number, text or argument) is planted in
a copy of the sources; the tests of the room run against each. What no test noticed is printed as a
diff: a test is missing, or the line says nothing. Texts of errors are left as they are.
"""

from __future__ import annotations

import argparse
import difflib
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
import libcst.matchers as m
from mutmut.mutation.file_mutation import create_mutations

ROOT = Path(__file__).parents[1]
TESTS = {
    "declare": ("declare", "learn", "flow"),
    "lake": ("lake", "flow"),
    "ingest": ("ingest", "flow"),
    "flow": ("flow",),
    "learn": ("learn",),
}
"""The rooms in which a fault would cost most, and whose tests are to notice it."""

LATE = 900
"""Seconds after which a fault that makes the tests hang counts as noticed."""


@dataclass(frozen=True)
class Mutant:
    """A page with one fault in it. `page` is relative to `src`."""

    room: str
    page: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The fault, with a line around it."""
        lines = (text.splitlines(keepends=True) for text in (self.before, self.after))
        return "".join(difflib.unified_diff(*lines, str(self.page), str(self.page), n=1))


def mutants(room: str) -> Iterator[Mutant]:
    """Every fault that can be planted in a room."""
    for path in sorted((ROOT / "src/lakehouse" / room).glob("*.py")):
        before = path.read_text()
        module, mutations, *_ = create_mutations(str(path), before)
        raised = {id(node) for each in m.findall(module, m.Raise()) for node in _below(each)}
        for each in mutations:
            if id(each.original_node) not in raised:
                after = module.deep_replace(each.original_node, each.mutated_node).code
                yield Mutant(room, path.relative_to(ROOT / "src"), before, after)


def _below(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _below(child)


def is_noticed(mutant: Mutant, source: Path) -> bool:
    """Whether a test of the room fails with the fault in place."""
    page = source / mutant.page
    page.write_text(mutant.after)
    tests = [str(ROOT / "tests/lakehouse" / room) for room in TESTS[mutant.room]]
    try:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"),
                *("-o", f"pythonpath={shlex.quote(str(source))} {shlex.quote(str(ROOT))}"),
                *tests,
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(source)},
            capture_output=True,
            check=False,
            timeout=LATE,
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        page.write_text(mutant.before)
    return done.returncode != 0


def main() -> int:
    """Plant a sample of faults; the exit code is 1 where one was not noticed."""
    parser = argparse.ArgumentParser(description="Plant faults and see whether tests notice.")
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=", ".join(TESTS))
    parser.add_argument("--count", type=int, default=20, help="faults a room")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    given = parser.parse_args()
    if unknown := set(given.rooms) - set(TESTS):
        parser.error(f"unknown room {', '.join(sorted(unknown))}: known are {', '.join(TESTS)}")
    survivors: list[Mutant] = []
    tried = 0
    with tempfile.TemporaryDirectory() as folder:
        source = Path(shutil.copytree(ROOT / "src", Path(folder) / "src"))
        for room in given.rooms or TESTS:
            found = list(mutants(room))
            sample = random.Random(given.seed).sample(found, min(given.count, len(found)))
            for mutant in sample:
                begun = time.monotonic()
                noticed = is_noticed(mutant, source)
                tried += 1
                word = "noticed" if noticed else "NOT NOTICED"
                print(f"{mutant.page}: {word} ({time.monotonic() - begun:.0f} s)", flush=True)
                if not noticed:
                    survivors.append(mutant)
                    print(mutant.diff, flush=True)
    print(f"{tried - len(survivors)} of {tried} faults were noticed")
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main())
