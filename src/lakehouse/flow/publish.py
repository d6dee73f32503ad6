"""Sending what changes in a table to a topic: a reader of committed messages sees each change once.

At first the whole table is sent as it is then, afterwards what each of its versions changed. Rows
that a version wrote anew as they were are no change: a partition that was made anew tells only what
is another one. What was sent and how far that is are one transaction of Kafka's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.events import Events
from lakehouse.declare.schema import names, quoted
from lakehouse.declare.table import Table
from lakehouse.declare.writes import History, Merge, Rebuild, Replace
from lakehouse.flow.batch import TIMES
from lakehouse.ingest.topics import TopicWriter
from lakehouse.lake import Lake
from lakehouse.lake.feed import changed_rows, keep_changes
from lakehouse.lake.lake import CHANGE, VERSION

MOST = 10_000
"""Messages that are committed at once."""

AS_JSON = {"timestampFormat": TIMES, "ignoreNullFields": "false"}
BEFORE = ("delete", "update_preimage")
AT, KEY, OWN, ROW, WEIGHT = "at", "key", "own", "row", "weight"


@dataclass(frozen=True)
class Position:
    """How far a table was sent: `sent` messages of a version; None: all of them. `is_whole`: they
    are the table as it was then, not what changed in that version."""

    version: int
    sent: int | None
    is_whole: bool = False

    def __str__(self) -> str:
        """As it is kept beside the topic."""
        sent = "all" if self.sent is None else self.sent
        return f"{'whole' if self.is_whole else 'changes'} {self.version} {sent}"

    @staticmethod
    def read(text: str) -> Position | None:
        """What was kept; None where nothing was sent yet."""
        if not text:
            return None
        kind, version, sent = text.split()
        return Position(int(version), None if sent == "all" else int(sent), kind == "whole")


def publish(lake: Lake, table: Table) -> int:
    """Sends what changed in a table since it was sent last; returns the number of messages.

    0 for a table that the settings give no topic. Raises LakehouseError where the brokers do not
    take it, or its changes are no longer kept; a later call goes on where this one was.
    """
    topic = lake.settings.kafka.publish.get(table.name, "")
    if not topic or not lake.exists(table.name):
        return 0
    # By the id of the table: one that is made anew from nothing is another one, and sent as that.
    sender = f"lakehouse/{keep_changes(lake, table.name)}"
    newest = lake.version(table.name)
    sent = 0
    with TopicWriter(lake.settings.kafka, sender, [topic]) as writer:
        last = Position.read(writer.position(topic)) or Position(newest, 0, is_whole=True)
        if last.is_whole:
            if last.sent is not None:
                whole = _whole(lake, table, last.version)
                sent += _send(writer, topic, table.name, last, whole)
            last = Position(last.version, None)
        first = last.version if last.sent is not None else last.version + 1
        if first <= newest:
            changes = _changes(lake, table, first, newest)
            sent += _send(writer, topic, table.name, last, changes)
    return sent


def publish_all(lake: Lake, tables: Sequence[Table]) -> None:
    """Sends what changed in each of these tables that has a topic, and tells how much that is."""
    for table in tables:
        if topic := lake.settings.kafka.publish.get(table.name):
            with progress.step(f"publish {table.name}") as facts:
                facts["rows"] = publish(lake, table)
                facts["detail"] = f"to {topic}"


def _send(
    writer: TopicWriter, topic: str, name: str, last: Position, messages: Iterator[Row]
) -> int:
    """Sends messages in their order, but those that were sent already."""
    total = open_ = 0
    at, count = last.version, 0
    done = last.sent or 0
    for each in messages:
        if each[VERSION] != at:
            at, count, done = each[VERSION], 0, 0
        count += 1
        if count <= done:
            continue
        head = f'{{"table": "{name}", "change": "{each[CHANGE]}", "version": {at}, "row": '
        writer.send(topic, f"{head}{each[ROW]}}}", each[KEY], each[AT])
        total, open_ = total + 1, open_ + 1
        if open_ == MOST:
            writer.commit({topic: str(Position(at, count, last.is_whole))})
            open_ = 0
    if total:
        writer.commit({topic: str(Position(at, None, last.is_whole))})
    return total


def _whole(lake: Lake, table: Table, version: int) -> Iterator[Row]:
    """All rows of a table as inserted, in an order that is always the same."""
    rows = lake.read(table.name, version).select(
        F.lit(version).cast("bigint").alias(VERSION),
        F.lit("insert").alias(CHANGE),
        F.unix_millis(F.current_timestamp()).alias(AT),
        *_texts(table),
    )
    return _in_order(rows)


def _changes(lake: Lake, table: Table, first: int, last: int) -> Iterator[Row]:
    """What each version changed: rows that are there and were not, or the other way round.

    Of a row that has a key, another one in its place is an `update`.
    """
    weight = F.when(F.col(CHANGE).isin(*BEFORE), -1).otherwise(1)
    try:
        feed = changed_rows(lake, table.name, first, last).select(
            VERSION,
            F.unix_millis("_commit_timestamp").alias(AT),
            weight.alias(WEIGHT),
            *_texts(table),
        )
    except PySparkException as error:
        raise LakehouseError(
            f"what changed from version {first} on is not kept: {str(error).splitlines()[0]}",
            table.name,
            "send the whole table anew: name another topic in kafka.publish",
        ) from error
    other = feed.groupBy(VERSION, AT, KEY, OWN, ROW).agg(F.sum(WEIGHT).alias(WEIGHT))
    of_row = Window.partitionBy(VERSION, OWN)
    known = F.col(OWN).isNotNull()
    before, after = (F.max(F.col(WEIGHT) * sign).over(of_row) > 0 for sign in (-1, 1))
    change = F.when(F.col(WEIGHT) < 0, "delete").when(known & before, "update").otherwise("insert")
    told = (
        other.where(F.col(WEIGHT) != 0)
        .withColumns({CHANGE: change, "replaced": known & after & (F.col(WEIGHT) < 0)})
        .where(~F.col("replaced"))
        .withColumn("again", F.explode(F.sequence(F.lit(1), F.abs(WEIGHT))))
    )
    return _in_order(told.select(VERSION, CHANGE, AT, KEY, OWN, ROW))


def _in_order(rows: DataFrame) -> Iterator[Row]:
    """Deletes first: what takes the place of a row comes after it."""
    ordered = rows.orderBy(VERSION, F.col(CHANGE) != "delete", KEY, ROW)
    found: Iterator[Row] = ordered.toLocalIterator()
    return found


def _texts(table: Table) -> list[Column]:
    """A row as JSON, the key of its message, and the columns that tell it from any other."""
    key, own = _keys(table)
    return [
        _json(key).alias(KEY),
        _json(own).alias(OWN),
        _json(names(table.stored)).alias(ROW),
    ]


def _json(columns: Sequence[str]) -> Column:
    if not columns:
        return F.lit(None).cast("string")
    return F.to_json(F.struct(*map(quoted, columns)), AS_JSON)


def _keys(table: Table) -> tuple[Sequence[str], Sequence[str]]:
    """The columns by whose values messages are kept in order, and those that tell rows apart."""
    match table.write:
        case Merge(keys=keys):
            return keys, keys
        case History(keys=keys, sequence_by=at):
            return keys, (*keys, at)
        case Events(keys=keys, at=at):
            return keys, (*keys, at) if keys else ()
        case Replace(partition=partition) | Rebuild(partition=partition):
            return (partition,), ()
    return (), ()
