"""What a table is: its name, what it reads, its contract and how it may change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.declare.expectation import Expectation
from lakehouse.declare.schema import columns, struct
from lakehouse.declare.source import Source


@dataclass(frozen=True)
class Append:
    """Rows are only ever added."""


@dataclass(frozen=True)
class Merge:
    """One row a key. A row that is newer by `newest_by` replaces the one that is there;
    without `newest_by` the first one stays. The others count as duplicates."""

    keys: tuple[str, ...]
    newest_by: str | None = None


@dataclass(frozen=True)
class Replace:
    """A delivery states its whole partition: the newest one by `newest_by` stands."""

    partition: str
    newest_by: str


@dataclass(frozen=True)
class Rebuild:
    """The partitions touched by new rows of any read are computed anew from its snapshots.

    `partition` is an integer column. A row of partition p is made of rows of the
    partitions from p - `back` (None: from the beginning) up to p + `ahead`.
    """

    partition: str
    back: int | None = 0
    ahead: int = 0


Write = Append | Merge | Replace | Rebuild


@dataclass(frozen=True)
class Table:
    """A table of the lake. Holds data and a pure function; touches no storage.

    `reads`: the first is the stream, the rest are snapshots handed to `transform`
    beside it, in this order (with `Rebuild` all of them are snapshots, and each that
    has the partition column is watched). `transform` is pure: `DataFrame, ... ->
    DataFrame`; None for a table that a job writes, such as scores. `schema` is the
    contract, as DDL; what the transform returns must have these columns. A transform
    that also passes on `_record` lets quarantine keep the record as it came.
    """

    name: str
    schema: str
    reads: tuple[Table | Source, ...] = ()
    transform: Callable[..., DataFrame] | None = None
    expect: tuple[Expectation, ...] = ()
    write: Write = field(default_factory=Append)

    @property
    def layer(self) -> str:
        """`bronze`, `silver`, `gold` or `ops`."""
        return self.name.partition(".")[0]

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names of the contract, in order."""
        return tuple(name for name, _ in columns(self.schema))

    @property
    def struct(self) -> StructType:
        """The contract as a type; needs a running session."""
        return struct(self.schema)


def bronze(source: Source) -> Table:
    """The bronze table of a source: every record as it came, malformed ones included."""
    return Table(
        name=f"bronze.{source.name}",
        schema=source.landed_schema,
        reads=(source,),
        transform=lambda landed: landed,
    )
