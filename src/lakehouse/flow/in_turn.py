"""Tables worked at side by side: each as soon as those of them that it reads are done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import cache
from typing import TypeVar

from lakehouse.base.stopping import Halt
from lakehouse.declare.table import Table
from lakehouse.flow.ways import above, longest_way

Made = TypeVar("Made")


def in_turn(
    tables: Sequence[Table], work: Callable[[Table], Made], side_by_side: int, halt: Halt
) -> dict[str, Made]:
    """What `work` makes of each table, by name; at most so many are worked at side by side.

    What most others wait for comes first. A table that reads one that failed is left as it is, and
    all others are worked at; the first error, in the order of the tables, is raised then. Where the
    calling thread is interrupted, the halt is requested and the work begun is waited for.

    Args:
        tables: In any order; none may read itself, at any distance.
        work: What is done to each, in a thread of its own. What it reports belongs to the task of
            the calling thread.
        side_by_side: How many at a time.
        halt: What `work` heeds.
    """
    left = _longest_way_first(tables)
    made_of = above({table.name: _reads(table) for table in tables})
    made: dict[str, Made] = {}
    errors: dict[str, BaseException] = {}
    works: dict[Future[Made], Table] = {}
    with ThreadPoolExecutor(side_by_side) as pool:
        try:
            while left or works:
                for table in _free(left, works.values())[: side_by_side - len(works)]:
                    left.remove(table)
                    works[pool.submit(copy_context().run, work, table)] = table
                for done in wait(works, return_when=FIRST_COMPLETED).done:
                    table = works.pop(done)
                    if error := done.exception():
                        errors[table.name] = error
                        lost = {table.name, *(n for n in made_of if table.name in made_of[n])}
                        left = [each for each in left if each.name not in lost]
                    else:
                        made[table.name] = done.result()
        except BaseException:
            halt.request()
            raise
    if errors:
        raise next(errors[table.name] for table in tables if table.name in errors)
    return {table.name: made[table.name] for table in tables}


def _free(left: Sequence[Table], at_work: Iterable[Table]) -> list[Table]:
    """Those of which everything that they read is done."""
    undone = {table.name for table in (*left, *at_work)}
    return [table for table in left if not undone & _reads(table)]


def _longest_way_first(tables: Sequence[Table]) -> list[Table]:
    """By the longest row of tables that wait for one another behind each, then before it: of two
    that nothing waits for, the one that can begin the latest must not find all hands full."""
    of = {table.name: _reads(table) for table in tables}
    behind = longest_way(of, dict.fromkeys(of, 1.0))

    @cache
    def before(name: str) -> int:
        return 1 + max((before(read) for read in of[name] if read in of), default=0)

    return sorted(tables, key=lambda table: (-behind[table.name], -before(table.name)))


def _reads(table: Table) -> set[str]:
    return {read.name for read in table.reads if isinstance(read, Table)}
