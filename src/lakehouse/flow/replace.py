"""Putting a delivery in the place of a whole partition.

A delivery is what has the same partition and the same `newest_by`; it may arrive in parts. The
newest one stands (NULL is older than any): a newer one takes the place of the partition, another
part of the one that stands is added to it, an older one counts as duplicate. Where batches end does
not matter.

Only rows that pass make a delivery: one that is broken or passed over as a whole leaves what
stands. Emptied, the partition would not remember which delivery it was emptied by, and an older one
that came late would fill it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, TimestampNTZType, TimestampType

from lakehouse.declare.expectation import passes
from lakehouse.declare.schema import OWN, quoted
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Replace
from lakehouse.flow.batch import Judged, counts, set_aside
from lakehouse.flow.literals import among
from lakehouse.lake.account import Account
from lakehouse.lake.write import Writer
from lakehouse.spark.caching import cached

AT = f"{OWN}at"

Delivery = tuple[Any, Any]
"""Partition and `newest_by` of a delivery, that of a time in microseconds."""


@dataclass(frozen=True)
class Standing:
    """What becomes of a batch's deliveries: `newer` replace their partition, `parts` are added."""

    newer: frozenset[Delivery]
    parts: frozenset[Delivery]

    @property
    def all(self) -> frozenset[Delivery]:
        """The deliveries that are written."""
        return self.newer | self.parts


def replace(writer: Writer, batch: Judged, write: Replace) -> Account:
    """Writes the deliveries of a batch that stand."""
    table, part, newest = batch.table, write.partition, _newest(batch.table, write.newest_by)
    batch = batch.with_rows(cached(batch.rows))
    groups = batch.rows.groupBy(quoted(part), newest.alias(AT)).agg(*counts(table)).collect()
    account = set_aside(writer, batch, groups)
    passing = {(g[part], g[AT]): g["passing"] for g in groups if g["passing"]}
    if not passing:
        return account
    there = writer.lake.read(table.name).where(among(part, [p for p, _ in passing]))
    held_at = there.groupBy(quoted(part)).agg(
        F.max(newest).alias("newest"), F.count("*").alias("rows")
    )
    held = {row[part]: (row["newest"], row["rows"]) for row in held_at.collect()}
    chosen = standing(passing, {p: at for p, (at, _) in held.items()})
    kept = sum(passing[each] for each in chosen.all)
    account = dataclasses.replace(account, kept=kept, duplicate=account.kept - kept)
    if not kept:
        return account
    rows = batch.rows.where(passes())
    if len(chosen.all) < len(passing):
        rows = _of(rows, chosen.all, part, newest)
    rows = rows.select(*table.quoted)
    if not chosen.newer:
        written = writer.append(rows, table.name, account)
        return dataclasses.replace(account, kept=written)
    partitions = [p for p, _ in chosen.all]
    carried = 0
    if chosen.parts:  # one commit for both: what a part is added to is written along
        added_to = [p for p, _ in chosen.parts]
        carried = sum(held[p][1] for p in added_to)
        rows = rows.unionByName(there.where(among(part, added_to)).select(*table.quoted))
    written = writer.replace(rows, table.name, among(part, partitions), account)
    return dataclasses.replace(account, kept=written - carried)


def standing(deliveries: Mapping[Delivery, int], held: Mapping[Any, Any]) -> Standing:
    """Which deliveries stand, given the `newest_by` of each partition that is held already."""
    newest = dict(held)
    for partition, at in deliveries:
        if partition not in newest or _age(at) > _age(newest[partition]):
            newest[partition] = at
    stand = {each for each in deliveries if newest[each[0]] == each[1]}
    parts = {each for each in stand if each[0] in held and held[each[0]] == each[1]}
    return Standing(frozenset(stand - parts), frozenset(parts))


def _age(at: Any) -> tuple[bool, Any]:
    """What deliveries are ordered by; None comes first."""
    return at is not None, at if at is not None else 0


def _newest(table: Table, newest_by: str) -> Column:
    """What deliveries are ordered by, as a value that Python can be told: of a time its
    microseconds, for Spark has more years than Python."""
    at = F.col(quoted(newest_by))
    kind = table.struct[newest_by].dataType
    is_time = isinstance(kind, DateType | TimestampType | TimestampNTZType)
    return F.unix_micros(at.cast("timestamp")) if is_time else at


def _of(rows: DataFrame, deliveries: frozenset[Delivery], part: str, newest: Column) -> DataFrame:
    """The rows of some deliveries."""
    schema = rows.select(F.col(quoted(part)).alias("_lake_part"), newest.alias(AT)).schema
    for field in schema:
        field.nullable = True
    keys = rows.sparkSession.createDataFrame(list(deliveries), schema)
    same = F.col(quoted(part)).eqNullSafe(F.col("_lake_part")) & newest.eqNullSafe(F.col(AT))
    return rows.join(F.broadcast(keys), on=same, how="left_semi")
