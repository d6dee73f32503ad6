"""What Spark makes of a query: its plan as a tree, and the seconds it takes."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakehouse.terminal.capture import capturing

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
    texts: list[str] = []

    def receive(text: str, error: bool) -> bool:
        texts.append(text)
        return False

    with capturing(receive):
        rows.explain("formatted")
    text = "".join(texts).split("\n\n")[0]
    return "\n".join(each for top in _tree(text) for each in _lines(top))


def seconds(rows: DataFrame, times: int = 1) -> float:
    """Return the least seconds that it takes to compute the rows, which should be few."""
    durations = []
    for number in range(times):
        # A query that has run begins with what it moved before; select("*") makes a new one of it.
        query = rows.select("*") if number else rows
        begun = time.perf_counter()
        query.collect()
        durations.append(time.perf_counter() - begun)
    return min(durations)


@dataclass
class _Node:
    depth: int
    name: str
    moved: str
    below: list[_Node] = field(default_factory=list)


def _tree(text: str) -> list[_Node]:
    """The operators; of a plan that was adapted, those that ran."""
    if final := _FINAL.search(text):
        text = final[1]
    above = [_Node(-1, "", "")]
    for line in text.splitlines():
        if (match := _LINE.match(line)) is None:
            continue
        node = _Node(len(match[1]), match[2], _moved(match[3]))
        while above[-1].depth >= node.depth:
            above.pop()
        above[-1].below.append(node)
        above.append(node)
    return above[0].below


def _moved(statistics: str) -> str:
    """The rows and bytes of a finished stage, in words; large numbers are Spark's own rounding."""
    size = _ROWS.search(statistics)
    if size is None:
        return ""
    if size[2] is None:
        return size[1]
    about = "about " if "E" in size[2] else ""
    return f"{about}{int(float(size[2])):,} rows, {size[1]}"


def _lines(node: _Node, moved: str = "") -> list[str]:
    """The lines of an operator and of what is below it."""
    moved = node.moved or moved
    if _WRAPPING.match(node.name) and len(node.below) == 1:
        return _lines(node.below[0], moved)
    lines = [f"{node.name}: {moved}" if moved else node.name]
    below = [] if node.name == IN_MEMORY else node.below  # what is in memory is not computed again
    for at, each in enumerate(below):
        last = at == len(below) - 1
        first, *more = _lines(each)
        lines.append(("+- " if last else ":- ") + first)
        lines += [("   " if last else ":  ") + line for line in more]
    return lines
