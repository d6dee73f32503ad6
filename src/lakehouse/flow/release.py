"""Letting rows out of quarantine that pass by now, once each, with their accounts moved along.

What is let out is marked in `ops.quarantine` first, then written to the table as a batch of its
own, then moved in the accounts from quarantined to where it went. A release that is killed anywhere
is finished by the next one. Nothing is taken away: a row that was let out stays there, with the
number of its release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from time import time

from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.expectation import BROKEN, WARNED, judge, passes
from lakehouse.declare.schema import OWN, names, quoted, struct
from lakehouse.declare.source import RECORD, ROW, Source
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Merge, Rebuild
from lakehouse.flow.batch import Judged, judged, recall
from lakehouse.flow.commit import write
from lakehouse.flow.verdict import go_on, verdicts
from lakehouse.ingest.misfits import READABLE
from lakehouse.ingest.unread import breaks_a_rule
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.account import OUTFLOW
from lakehouse.lake.lock import lock
from lakehouse.lake.ops import BATCHES, QUARANTINE
from lakehouse.lake.ops import TABLES as OPS
from lakehouse.lake.save import save
from lakehouse.lake.write import Writer
from lakehouse.spark.caching import cached, caching

ARRIVED = "arrived_at"
ASIDE, ID, PASSES, MADE, TEXT, KNOWN, NTH, ARRIVAL = (
    f"{OWN}{name}" for name in ("aside", "id", "passes", "made", "text", "known", "nth", "arrival")
)


def release(lake: Lake, table: Table) -> Account:
    """Lets out the rows of a table that pass its rules as they are now; returns where they went.

    A record is transformed again where the table reads it from bronze, by the code and the
    snapshots of today; any other row is judged as it was made. What still breaks a rule stays.
    Raises LakehouseError for a table that is computed from what it reads, not from batches.
    """
    if table.transform is None or isinstance(table.write, Rebuild) or table.followed:
        raise LakehouseError(
            "is computed from what it reads: rows are not let into it one by one",
            table.name,
            f"make it anew: lakehouse rebuild {table.name}",
        )
    for each in OPS:
        lake.ensure(each)
    about = verdicts(lake, [table])[table.name]
    if about.refusal:
        raise about.refusal
    go_on(lake, {table.name: about})
    with (
        lock(lake, table.name),
        progress.step(f"quarantine {table.name}") as facts,
        caching(),
    ):
        lake.ensure(table)
        account = _release(lake, table, f"release/{about.build}")
        facts["rows"] = account.kept
        facts["detail"] = f"{account.duplicate:,} duplicate" if account.duplicate else ""
    return account


def _release(lake: Lake, table: Table, query: str) -> Account:
    begun = time()
    number, is_rerun = _number(lake, table)
    writer = Writer(lake, Batch(table.name, query, number), rerun=is_rerun)
    account = recall(writer, table) if is_rerun else None
    is_merged = isinstance(table.write, Merge) and writer.unaccounted(table.name) > 0
    if account is None and not is_merged and not _mark(lake, table, number):
        return Account(0, 0)
    marked = cached(_waiting(lake, table).where(F.col("release") == number))
    if account is None:
        rows = _judged_again(lake, table, marked).drop(ASIDE)
        if table.one_to_many:
            rows = rows.withColumn(ROW, F.monotonically_increasing_id())
        account = write(writer, Judged(table, rows, lambda made: (made, {})))
    moved = dict(_moved(marked, account))
    writer.move(moved, lake.version(table.name), time() - begun)
    return replace(account, landed=0)


def _number(lake: Lake, table: Table) -> tuple[int, bool]:
    """The number of this release, and whether an earlier run began it."""
    of_table = F.col("table") == table.name
    last = [
        lake.read(name).where(of_table).agg(F.max("release")).collect()[0][0] or 0
        for name in (QUARANTINE.name, BATCHES.name)
    ]
    return (last[0], True) if last[0] > last[1] else (last[1] + 1, False)


def _waiting(lake: Lake, table: Table) -> DataFrame:
    """The rows of a table in quarantine, those that were let out too.

    Without the files and the records that could not be read, which have
    no row to let out, and without batches that are not over: these are run again as a whole.
    """
    of_table = F.col("table") == table.name
    over = lake.read(BATCHES.name).where(of_table).select("query", "batch").distinct()
    unread = F.array_contains("rules", READABLE) | breaks_a_rule("rules")
    aside = lake.read(QUARANTINE.name).where(of_table & ~unread)
    return aside.join(F.broadcast(over), on=["query", "batch"], how="left_semi")


def _mark(lake: Lake, table: Table, number: int) -> bool:
    """Marks what passes by now, and nothing else, with this number; False where nothing does."""
    aside = lake.read(QUARANTINE.name).where(F.col("table") == table.name)
    open_ = F.col("release").isNull() | (F.col("release") == number)
    waiting = cached(_waiting(lake, table).where(open_))
    passing = cached(
        _judged_again(lake, table, waiting).where(passes()).select(_id(f"{ASIDE}.")).distinct()
    )
    if passing.isEmpty() and waiting.where(F.col("release") == number).isEmpty():
        return False
    mark = (
        F.when(~open_, F.col("release"))
        .when(F.col(PASSES), F.lit(number))
        .otherwise(F.lit(None))
        .cast("bigint")
    )
    passes_now = passing.withColumn(PASSES, F.lit(True))
    flagged = aside.withColumn(ID, _id()).join(passes_now, on=ID, how="left")
    marked = flagged.withColumn("release", mark).select(*QUARANTINE.columns)
    save(lake, marked, QUARANTINE.name, where=f"`table` = '{table.name}'")
    return not passing.isEmpty()


def _id(prefix: str = "") -> Column:
    """What tells rows of quarantine apart; those that are equal in all share their fate."""
    names = ("query", "batch", "rules", "row", "record", ARRIVED, "quarantined_at")
    whole = F.struct(*(F.col(f"{prefix}{name}") for name in names))
    return F.sha2(F.to_json(whole), 256).alias(ID)


def _judged_again(lake: Lake, table: Table, aside: DataFrame) -> DataFrame:
    """Rows of quarantine (as `_aside`), with the columns of the table and the rules they break."""
    bronze = table.reads[0]
    source = bronze.reads[0] if isinstance(bronze, Table) and bronze.reads else None
    if not isinstance(source, Source) or table.one_to_many:
        return _as_made(table, aside)
    recorded = F.col("record").isNotNull()
    frames = (
        _transformed_again(lake, table, source, aside.where(recorded)),
        _as_made(table, aside.where(~recorded)),
    )
    columns = [*map(quoted, names(table.made)), BROKEN, WARNED, ASIDE]
    return reduce(DataFrame.unionByName, (frame.select(*columns) for frame in frames))


def _as_made(table: Table, aside: DataFrame) -> DataFrame:
    """The rows as their transform made them, judged by the rules of now."""
    made = aside.select(
        F.struct("*").alias(ASIDE), F.from_json("row", struct(table.made)).alias(MADE)
    )
    return judge(made.select(ASIDE, f"{MADE}.*"), table.rules, table.filter)


def _transformed_again(lake: Lake, table: Table, source: Source, aside: DataFrame) -> DataFrame:
    """The rows made anew of their records, which bronze has with all that is known of them.

    A record that arrived more than once is told apart by when it did, where quarantine knows that;
    else it is the first of them. Each row of quarantine becomes one row, or none where bronze does
    not have its record.
    """
    landed = lake.read(table.reads[0].name)
    keys = aside.select(F.col("record").alias(TEXT), F.col(ARRIVED).alias(KNOWN)).distinct()
    same = (source.record() == F.col(TEXT)) & (
        F.col(KNOWN).isNull() | (F.col(ARRIVED) == F.col(KNOWN))
    )
    first = Window.partitionBy(TEXT, KNOWN).orderBy(ARRIVED, "source_file", "ingested_at")
    there = landed.join(keys, on=same, how="inner").withColumn(NTH, F.row_number().over(first))
    chosen = there.where(F.col(NTH) == 1)
    once = chosen.dropDuplicates([TEXT, ARRIVED]).select(*map(quoted, landed.columns))
    beside = [lake.read(read.name) for read in table.reads[1:]]
    rows = judged(table, once, beside).rows
    if RECORD not in rows.columns:
        return _as_made(table, aside)
    arrivals = chosen.select(TEXT, KNOWN, F.col(ARRIVED).alias(ARRIVAL))
    known = (F.col("record") == F.col(TEXT)) & F.col(ARRIVED).eqNullSafe(F.col(KNOWN))
    held = aside.join(arrivals, on=known, how="inner").select(
        F.struct(*aside.columns).alias(ASIDE), TEXT, ARRIVAL
    )
    matches = F.col(RECORD) == F.col(TEXT)
    if ARRIVED in rows.columns:
        matches &= F.col(ARRIVED) == F.col(ARRIVAL)
    else:
        rows = rows.dropDuplicates([RECORD])
    return rows.join(held, on=matches, how="inner")


def _moved(marked: DataFrame, account: Account) -> Iterator[tuple[tuple[str, int], Account]]:
    """What of each batch was let out. Where the rows of several batches went is known of all of
    them together: the first batches have what was kept, the last ones the duplicates."""
    by_batch = marked.groupBy("query", "batch")
    counts = by_batch.agg(F.count(F.lit(1)).alias("rows")).orderBy("query", "batch").collect()
    rules = (
        marked.select("query", "batch", F.explode("rules").alias("rule"))
        .groupBy("query", "batch", "rule")
        .agg(F.count(F.lit(1)).alias("rows"))
        .collect()
    )
    left = {name: getattr(account, name) for name in OUTFLOW}
    for each in counts:
        went: dict[str, int] = {}
        rows = each["rows"]
        for name in OUTFLOW:
            went[name] = min(rows - sum(went.values()), left[name])
            left[name] -= went[name]
        went["quarantined"] -= rows
        own = (each["query"], each["batch"])
        yield own, Account(landed=0, rules=_less(rules, own), **went)


def _less(rules: Sequence[Row], own: tuple[str, int]) -> Mapping[str, int]:
    """The rules that the rows of a batch broke and that no longer count."""
    return {each["rule"]: -each["rows"] for each in rules if (each["query"], each["batch"]) == own}
