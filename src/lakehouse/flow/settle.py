"""How a micro-batch becomes part of a table, by the table's way to change.

Every way keeps two promises: the batch is committed once however often it is replayed,
and each landed row is counted where it went. Counting costs no pass of its own: it rides
on the pass that fills the cache, finds the partitions or writes the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pyspark.sql import Column, DataFrame, Observation, Row, Window
from pyspark.sql import functions as F

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.expectation import BROKEN, dropped, judge, passes, quarantined
from lakehouse.declare.table import Merge, Replace, Table
from lakehouse.lake.account import Account
from lakehouse.lake.write import Writer, merged
from lakehouse.spark.caching import cached, caching

RANK = "_rank"


def settle(writer: Writer, table: Table, landed: DataFrame, beside: Sequence[DataFrame]) -> Account:
    """Writes one batch of landed rows and says where each went.

    `beside`: the snapshots that the transform joins. Raises LakehouseError where a `fail`
    expectation is broken: its rows are in quarantine then and the table is untouched.
    """
    if table.transform is None:
        raise LakehouseError("has no transform to refresh it with", table.name, "a job writes it")
    if done := recall(writer, table):
        return done
    # What a batch hands over is planned already: nothing is pruned or pushed below it, so each
    # look at it is a full read. It is read once where a cache can hold it.
    seen = Observation()
    watched = landed.observe(seen, F.count(F.lit(1)).alias("landed"))
    rows = table.transform(watched, *beside)
    if isinstance(table.write, Replace):
        return _replace(writer, table, table.write, judge(rows, table.expect), seen)
    if isinstance(table.write, Merge):
        with caching():
            return _merge(
                writer, table, cached(_ranked(judge(rows, table.expect), table.write)), seen
            )
    if table.expect:
        with caching():
            return _append(writer, table, cached(judge(rows, table.expect)), seen)
    wrote = writer.append(rows.select(*table.columns), table.name)
    return Account(seen.get["landed"], wrote)


def recall(writer: Writer, table: Table) -> Account | None:
    """What this batch did when it was committed before a crash.

    None if it was not committed. Quarantine is written before the table, so that nothing
    of a committed batch is missing.
    """
    found = writer.committed(table.name)
    if found is None:
        return None
    commit, said = found
    wrote = merged(commit.metrics)
    if said["landed"] < 0:  # an append that was counted while it was written
        return Account(wrote, wrote)
    late = commit.metrics.get("numSourceRows", wrote) - wrote
    duplicate = said["duplicate"] + late
    return Account(
        said["landed"], wrote, said["quarantined"], duplicate, said["dropped"], said["rules"]
    )


def _append(writer: Writer, table: Table, rows: DataFrame, seen: Observation) -> Account:
    first = rows.agg(*counts(table)).first()
    counted = set_aside(writer, table, rows, [first] if first else [], seen.get["landed"])
    wrote = writer.append(rows.where(passes()).select(*table.columns), table.name, counted)
    return replace(counted, kept=wrote)


def _merge(writer: Writer, table: Table, rows: DataFrame, seen: Observation) -> Account:
    again = F.count_if(passes() & (F.col(RANK) > 1)).alias("again")
    first = rows.agg(*counts(table), again).first()
    counted = set_aside(writer, table, rows, [first] if first else [], seen.get["landed"])
    counted = replace(counted, duplicate=int(first["again"] if first else 0))
    newest = rows.where(passes() & (F.col(RANK) == 1)).select(*table.columns)
    alone = int(first["good"]) - counted.duplicate if first else 0
    offered, wrote = writer.merge(newest, table, counted) or (alone, 0)
    return replace(counted, kept=wrote, duplicate=counted.duplicate + offered - wrote)


def _replace(
    writer: Writer, table: Table, write: Replace, rows: DataFrame, seen: Observation
) -> Account:
    part, newest_by = write.partition, write.newest_by
    groups = rows.groupBy(part, newest_by).agg(*counts(table)).collect()
    counted = set_aside(writer, table, rows, groups, seen.get["landed"])
    good = {(g[part], g[newest_by]): g["good"] for g in groups if g["good"]}
    if not good:
        return counted
    held = writer.lake.read(table.name).where(F.col(part).isin([p for p, _ in good]))
    newest = {
        row[part]: row["newest"]
        for row in held.groupBy(part).agg(F.max(newest_by).alias("newest")).collect()
    }
    stands = dict(newest)
    for partition, at in good:
        stands[partition] = max(at, stands.get(partition, at))
    wins = {(p, at) for p, at in good if stands[p] == at and newest.get(p) != at}
    counted = replace(counted, duplicate=sum(n for key, n in good.items() if key not in wins))
    if not wins:
        return counted
    chosen = rows.where(passes())
    if len(wins) < len(good):
        keys = writer.lake.spark.createDataFrame(sorted(wins), rows.select(part, newest_by).schema)
        chosen = chosen.join(F.broadcast(keys), on=[part, newest_by], how="left_semi")
    where = f"`{part}` IN ({', '.join(str(p) for p, _ in sorted(wins))})"
    wrote = writer.replace(chosen.select(*table.columns), table.name, where, counted)
    return replace(counted, kept=wrote)


def _ranked(rows: DataFrame, write: Merge) -> DataFrame:
    """Numbers the rows of a key, the one to keep first; ties break by content, not by chance."""
    newest = [F.col(write.newest_by).desc_nulls_last()] if write.newest_by else []
    content = F.xxhash64(*(name for name in rows.columns if name != BROKEN))
    of_key = Window.partitionBy(passes(), *write.keys).orderBy(*newest, content)
    return rows.withColumn(RANK, F.row_number().over(of_key))


def counts(table: Table) -> list[Column]:
    """How many judged rows are good, broken, and by which rule, as aggregates."""
    rules = [
        F.count_if(F.coalesce(F.array_contains(BROKEN, rule.name), F.lit(False))).alias(f"rule{at}")
        for at, rule in enumerate(table.expect)
    ]
    return [
        F.count_if(passes()).alias("good"),
        F.count_if(quarantined(table.expect)).alias("quarantined"),
        F.count_if(dropped(table.expect)).alias("dropped"),
        *rules,
    ]


def set_aside(
    writer: Writer, table: Table, rows: DataFrame, groups: Sequence[Row], landed: int
) -> Account:
    """Quarantines the broken rows, given their `counts`; returns the account so far.

    Raises LakehouseError where a `fail` rule is broken.
    """
    rules = {
        rule.name: total
        for at, rule in enumerate(table.expect)
        if (total := sum(row[f"rule{at}"] for row in groups))
    }
    aside = sum(row["quarantined"] for row in groups)
    if aside:
        broken = rows.where(quarantined(table.expect))
        aside = writer.quarantine(broken, table.columns)
    fatal = [rule.name for rule in table.expect if rule.otherwise == "fail" and rule.name in rules]
    if fatal:
        raise LakehouseError(
            f"{rules[fatal[0]]} rows break the rule {fatal[0]!r}, which must hold",
            table.name,
            "nothing was written to the table; the rows are in ops.quarantine",
        )
    return Account(landed, 0, aside, 0, sum(row["dropped"] for row in groups), rules)
