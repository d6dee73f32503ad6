"""One table of every type and a row of it; tables that select of it, what is told of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.declare.expectation import Expectation
from lakehouse.declare.model import Model
from lakehouse.declare.project import Project
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Append, Write
from lakehouse.flow.check import faults
from lakehouse.flow.commit import commit
from lakehouse.lake.account import Batch
from lakehouse.lake.write import Writer

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.lake import Lake

RAW = Table(
    "silver.raw",
    "id BIGINT, n INT, amount DECIMAL(8,2), price DOUBLE, name STRING, day DATE, at TIMESTAMP, "
    "tags MAP<STRING, INT>, bytes BINARY, ok BOOLEAN",
)
ROW = (
    "1L id, 2 n, 2.50BD amount, 0.5D price, 'x' name, DATE '2020-01-02' day, "
    "TIMESTAMP '2020-01-02 03:04:05' at, map('a', 1) tags, X'01FF' bytes, true ok"
)


def make(
    schema: str,
    *select: str,
    write: Write | None = None,
    rule: str = "",
    transform: Callable[..., DataFrame] | None = None,
    where: str | None = None,
    one_to_many: bool = False,
) -> Table:
    """A table that selects these columns of RAW, or those of its own schema."""
    expect = (Expectation("it holds", rule),) if rule else ()
    chosen = select or tuple(part.split()[0] for part in schema.split(", "))
    return Table(
        "silver.t", schema, (RAW,), transform or (lambda raw: raw.selectExpr(*chosen)), expect,
        write or Append(), where, one_to_many,
    )  # fmt: skip


def told(spark: SparkSession, *tables: Table, models: tuple[Model, ...] = ()) -> list[str]:
    """The faults of these tables, each without its place."""
    found = faults(Project("tests", (RAW, *tables), models), spark)
    return [str(fault).split(": ", 1)[1] for fault in found]


def row(spark: SparkSession) -> DataFrame:
    """A row of RAW."""
    values = spark.sql(f"SELECT {ROW}")
    return values.select(*(F.col(each.name).cast(each.dataType) for each in RAW.struct))


def arrive(lake: Lake, table: Table, rows: DataFrame) -> None:
    """Writes the first batch of a table."""
    lake.ensure(table)
    commit(Writer(lake, Batch(table.name, "q", 0)), table, rows)
