"""Leaving what tables hold as it is, where a declaration changed: by decision, judged or not."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.expectation import BROKEN, judge, passed_over, passes
from lakehouse.declare.table import Table
from lakehouse.declare.writes import History
from lakehouse.flow.verdict import Verdict, verdicts
from lakehouse.flow.versions import GONE, events_of
from lakehouse.lake import Lake
from lakehouse.lake.builds import Event, record
from lakehouse.lake.ops import TABLES as OPS
from lakehouse.spark.analysis import analysed, sentence


def accept(lake: Lake, tables: Sequence[Table], judge_past: bool = False) -> list[Verdict]:
    """Has the rows that tables hold stay as they are, and the next ones be made as declared now.

    `judge_past`: only where each of them would be kept by the rules of now. Returns what was
    decided about; nothing is where a table is up to date. Raises LakehouseError, before anything is
    recorded, where a table cannot go on without being made anew, or a row would not be kept.
    """
    for table in OPS:
        lake.ensure(table)
    late = [each for each in verdicts(lake, tables).values() if not each.is_current]
    for each in late:
        if each.state == "changed" and each.refusal:
            raise each.refusal
    for each in late if judge_past else ():
        _judge(lake, each.table)
    for each in late:
        name = each.table.name
        with progress.step(f"accept {name}") as facts:
            version = lake.version(name)
            event = Event(name, each.build, "accepted", each.definition, each.reads, version)
            record(lake, [event])
            facts["detail"] = "; ".join(each.reasons)
    return late


def _as_made(held: DataFrame, table: Table) -> DataFrame:
    """The rows of a table as they were made: of one that keeps versions, their events."""
    write = table.write
    if not isinstance(write, History):
        return held
    events = events_of(held, write)
    if write.gone is None:
        return events.where(~F.col(GONE)).drop(GONE)
    return events.withColumnRenamed(GONE, write.gone)


def _judge(lake: Lake, table: Table) -> None:
    """Raise LakehouseError where a row would not be kept, by how many and by which rules.

    A column that the table has not had so far is NULL in all of them, as it will be.
    """
    held = _as_made(lake.read(table.name), table)
    missing = [field for field in table.struct if field.name not in held.columns]
    rows = held.select("*", *(F.lit(None).cast(f.dataType).alias(f.name) for f in missing))
    try:
        judged = analysed(judge(rows, table.rules, table.filter))
    except PySparkException as error:
        what, _ = sentence(error, lake.spark, table.columns)
        raise LakehouseError(
            f"its rows so far cannot be judged by what they hold: {what}",
            table.name,
            f"make it anew: lakehouse rebuild {table.name} --with-downstream",
        ) from error
    names = [rule.name for rule in table.rules if rule.otherwise != "warn"]
    kinds = [F.count_if(F.array_contains(BROKEN, name)) for name in names]
    out = F.count_if(~passes())
    total, less, over, *each = judged.agg(
        F.count(F.lit(1)), out, F.count_if(passed_over()), *kinds
    ).collect()[0]
    if not less:
        return
    why = [f"{count:,} break {name!r}" for name, count in zip(names, each, strict=True) if count]
    if over:
        why.append(f"{over:,} are passed over by where")
    raise LakehouseError(
        f"{less:,} of its {total:,} rows so far would not be kept: {', '.join(why)}",
        table.name,
        f"make it anew: lakehouse rebuild {table.name} --with-downstream; or leave them: "
        f"lakehouse accept {table.name}",
    )
