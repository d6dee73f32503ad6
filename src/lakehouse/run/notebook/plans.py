"""What Spark makes of a query: its plan as a tree, and the seconds it takes."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakehouse.run.notebook.listening import listening

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_LINE = re.compile(r"([ :|+-]*)(?:\* )?(.*?) \(\d+\)(.*)$")
_ROWS = re.compile(r"sizeInBytes=([^,)]+)(?:, rowCount=([\d.E+]+))?")
_FINAL = re.compile(r"^\+- == Final Plan ==\n(.*?)(?:^\+- == Initial|\Z)", re.DOTALL | re.MULTILINE)
"""The plan that ran; further in there may be others, of what is in memory."""
_WRAPPING = re.compile(r"\w*QueryStage$|AQEShuffleRead|AdaptiveSparkPlan|ColumnarToRow|Project$")
"""Operators that move and compare nothing: they are left out of the tree."""

IN_MEMORY = "InMemoryTableScan"


def plan(rows: DataFrame) -> str:
    """Return the operators of the physical plan that move, compare or compute rows, as a tree.

    Of a query that has run it is the plan that ran (Spark adapts it on the way), with the rows
    that an exchange moved.
    """
    said: list[str] = []

    def hear(text: str, error: bool) -> bool:
        said.append(text)
        return False

    with listening(hear):
        rows.explain("formatted")
    text = "".join(said).split("\n\n")[0]
    return "\n".join(each for top in _tree(text) for each in _drawn(top))


def seconds(rows: DataFrame, times: int = 1) -> float:
    """Return the least seconds that it takes to compute the rows, which should be few."""
    took = []
    for number in range(times):
        # A query that has run begins with what it moved before; select("*") makes a new one of it.
        query = rows.select("*") if number else rows
        begun = time.perf_counter()
        query.collect()
        took.append(time.perf_counter() - begun)
    return min(took)


@dataclass
class _Node:
    depth: int
    name: str
    moved: str
    below: list[_Node] = field(default_factory=list)


def _tree(text: str) -> list[_Node]:
    """The operators; of a plan that was adapted, those that ran."""
    if ran := _FINAL.search(text):
        text = ran[1]
    above = [_Node(-1, "", "")]
    for line in text.splitlines():
        if (found := _LINE.match(line)) is None:
            continue
        node = _Node(len(found[1]), found[2], _moved(found[3]))
        while above[-1].depth >= node.depth:
            above.pop()
        above[-1].below.append(node)
        above.append(node)
    return above[0].below


def _moved(statistics: str) -> str:
    """The rows and bytes of a finished stage, in words; large numbers are Spark's own rounding."""
    found = _ROWS.search(statistics)
    if found is None:
        return ""
    if found[2] is None:
        return found[1]
    about = "about " if "E" in found[2] else ""
    return f"{about}{int(float(found[2])):,} rows, {found[1]}"


def _drawn(node: _Node, moved: str = "") -> list[str]:
    """The lines of an operator and of what is below it."""
    moved = node.moved or moved
    if _WRAPPING.match(node.name) and len(node.below) == 1:
        return _drawn(node.below[0], moved)
    lines = [f"{node.name}: {moved}" if moved else node.name]
    below = [] if node.name == IN_MEMORY else node.below  # what is in memory is not computed again
    for at, each in enumerate(below):
        last = at == len(below) - 1
        first, *more = _drawn(each)
        lines.append(("+- " if last else ":- ") + first)
        lines += [("   " if last else ":  ") + line for line in more]
    return lines
