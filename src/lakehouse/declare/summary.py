"""What a project adds to the summary that ends a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse.declare.table import Table


@dataclass(frozen=True)
class Part:
    """A project's own section: `make` turns snapshots of `reads` into a few rows. Pure.

    Its columns are shown under their names, in the order of the rows; the last one may be long.
    """

    title: str
    reads: tuple[Table, ...]
    make: Callable[..., DataFrame]
