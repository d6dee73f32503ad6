"""What a table is: its name, what it reads, its contract and how it may change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from lakehouse.declare import event_rules, history
from lakehouse.declare.events import IS_LATE, Events, Sessions, Windows
from lakehouse.declare.expectation import Expectation
from lakehouse.declare.field import SCHEMA, Classes, Field, Schema, fields_of, settle
from lakehouse.declare.laws import check
from lakehouse.declare.schema import names, quoted, struct
from lakehouse.declare.select import Select
from lakehouse.declare.source import Source
from lakehouse.declare.writes import Append, History, Merge, Rebuild, Write


@dataclass(frozen=True)
class Table:
    """A table of the lake. Holds data and a pure function; touches no storage.

    Args:
        name: `layer.name`, with the layer `bronze`, `silver` or `gold`.
        schema: The contract: what the transform returns must have these columns. Given as
            DDL or as a sequence of `Field`s, it is DDL from then on.
        reads: Sources and tables. The first is the stream; the rest are snapshots, handed to
            `transform` beside it in this order. With `Rebuild` all are snapshots, and each that has
            the partition column is watched. With `Sessions` and `Windows` each that is written by
            `Events` is watched.
        transform: A pure function, `DataFrame, ... -> DataFrame`, given one DataFrame for each of
            `reads`, or `select(__name__)`, a SELECT in a file beside the page; None for a table
            that a job writes, such as scores. One that also passes on `_record` lets quarantine
            keep the record as it came.
        expect: What must be true of each row, and what becomes of it otherwise.
        write: How the table may change: `Append`, `Merge`, `Replace`, `Rebuild`, `History`,
            `Events`, `Sessions` or `Windows`.
        where: A SQL condition on the rows that the transform made. Rows for which it is false are
            counted as passed over and not judged, as if they had not landed; rows for which it is
            NULL are judged.
        one_to_many: A landed row may become several, as by `explode_outer`. The rows that the
            transform is given then have a column `_row BIGINT`, the number of the landed row, and
            the transform must pass it on, so that a row that became none is noticed.
        stamp: Changed by hand where the transform would make other rows and its code does not show
            it: a file that it reads, a library, a setting.
        classes: The data classes of the columns, as (name, class), where the schema is DDL;
            `Field`s have their own.

    Raises:
        LakehouseError: The table breaks a law of declarations: it has no layer, reads upwards,
            names a column that its schema lacks, has two rules of one name, or follows a table in a
            way that would depend on where batches end.
    """

    name: str
    schema: Schema = SCHEMA
    reads: tuple[Table | Source, ...] = ()
    transform: Callable[..., DataFrame] | None = None
    expect: tuple[Expectation, ...] = ()
    write: Write = field(default_factory=Append)
    where: str | None = None
    one_to_many: bool = False
    stamp: str = ""
    classes: Classes = ()

    def __post_init__(self) -> None:
        """Refuse what could never be refreshed rightly."""
        settle(self, self.name)
        if isinstance(self.transform, Select):
            reads = [(read.name, _records_of(read)) for read in self.reads]
            object.__setattr__(self, "transform", self.transform.over(reads))
        check(self)

    @property
    def layer(self) -> str:
        """`bronze`, `silver`, `gold` or `ops`."""
        return self.name.partition(".")[0]

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names of the contract, in order."""
        return names(self.schema)

    @property
    def is_as_landed(self) -> bool:
        """Whether each landed row is added as it is: none is judged, left out or merged."""
        judges = self.expect or self.where is not None
        return self.transform is as_landed and isinstance(self.write, Append) and not judges

    @property
    def keeps_records(self) -> bool:
        """Whether it has every record of its source as it landed, with where and when it came."""
        source = self.reads[0] if self.reads else None
        if not isinstance(source, Source) or not self.is_as_landed:
            return False
        return {*names(source.landed_schema)} <= set(self.columns)

    @property
    def contract(self) -> tuple[Field, ...]:
        """The columns as `Field`s, with their meanings and data classes."""
        return fields_of(self.schema, self.classes)

    @property
    def quoted(self) -> tuple[str, ...]:
        """The column names in backticks, as SQL and `select` take them."""
        return tuple(map(quoted, self.columns))

    @property
    def struct(self) -> StructType:
        """The contract as a type; needs a running session."""
        return struct(self.schema)

    @property
    def stored(self) -> str:
        """The columns that the table is made with, as DDL: what its readers see."""
        match self.write:
            case History() as write:
                return history.stored(self.schema, write)
            case Events():
                late = "'Whether it came after the watermark had passed it'"
                return f"{self.schema}, {IS_LATE} BOOLEAN COMMENT {late}"
        return self.schema

    @property
    def made(self) -> str:
        """The columns that the transform must make, as DDL."""
        gone = self.write.gone if isinstance(self.write, History) else None
        return f"{self.schema}, {quoted(gone)} BOOLEAN" if gone else self.schema

    @property
    def rules(self) -> tuple[Expectation, ...]:
        """What is asked of each row that the transform makes."""
        match self.write:
            case History() as write:
                return history.rules(self.schema, write, self.expect)
            case Events() as write:
                return (*event_rules.rules(write), *self.expect)
        return self.expect

    @property
    def filter(self) -> str | None:
        """The condition that these rows are filtered by; None where all are the table's."""
        if isinstance(self.write, History) and self.where is not None:
            return history.but_deletes(self.schema, self.write, self.where)
        return self.where

    @property
    def followed(self) -> Table | None:
        """The `Merge` table that this `Merge` table follows key by key; None if it follows none."""
        first = self.reads[0] if self.reads else None
        if not isinstance(self.write, Merge) or not isinstance(first, Table):
            return None
        return first if isinstance(first.write, Merge) else None

    @property
    def watched(self) -> tuple[Table, ...]:
        """The tables whose changes it follows where these may be several: by `Rebuild` those that
        have its partition column, by `Sessions` and `Windows` those of events."""
        tables = [read for read in self.reads if isinstance(read, Table)]
        match self.write:
            case Rebuild(partition=partition):
                return tuple(table for table in tables if partition in names(table.stored))
            case Sessions() | Windows():
                return tuple(table for table in tables if isinstance(table.write, Events))
        return ()


def bronze(source: Source) -> Table:
    """The bronze table of a source: every record as it came, malformed ones included.

    Args:
        source: What it reads.

    Returns:
        An `Append` table `bronze.<source.name>` with the columns of `source.landed_schema`.
    """
    return Table(
        name=f"bronze.{source.name}",
        schema=source.landed_schema,
        reads=(source,),
        transform=as_landed,
        classes=() if source.keeps_lines else source.classes,
    )


def _records_of(read: Table | Source) -> Source | None:
    """The source whose records a read has as they landed; None where it has none."""
    source = read.reads[0] if isinstance(read, Table) and read.keeps_records else None
    return source if isinstance(source, Source) else None


def as_landed(rows: DataFrame) -> DataFrame:
    """The transform that changes nothing."""
    return rows
