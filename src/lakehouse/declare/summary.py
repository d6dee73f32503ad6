"""What a project adds to the summary that ends a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse.declare.table import Table


@dataclass(frozen=True)
class Part:
    """A section that a project adds to the summary, which ends a run.

    A module `<project>.summary` holds them as `SUMMARY`, a tuple. A section whose tables are not
    there yet is left out.

    Args:
        title: The heading of the section.
        reads: The tables whose snapshots `make` is given.
        make: A pure function, `DataFrame, ... -> DataFrame`, that makes a few rows of them. They
            are shown in their order, under the names of their columns; the last column may be long.
    """

    title: str
    reads: tuple[Table, ...]
    make: Callable[..., DataFrame]
