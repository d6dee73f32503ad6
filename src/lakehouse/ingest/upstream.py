"""What upstream sends: the fields of the records that a bronze table holds, declared or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import functions as F

from lakehouse.declare.source import Source
from lakehouse.lake.lake import Lake
from lakehouse.lake.values import in_utc


@dataclass(frozen=True)
class Sent:
    """A field of the records of a source: `declared` as what type, None where the source does not
    know it, in how many records it is, and when the first and the last of these were taken (UTC).
    """

    name: str
    declared: str | None
    records: int
    first: datetime | None = None
    last: datetime | None = None


def fields_sent(lake: Lake, source: Source, table: str) -> list[Sent]:
    """The fields that are in any record of a bronze table, and those that are declared and in none;
    in the order of the declaration, then by name.

    Reads the whole table. Of JSON a field that is NULL in a record is in it. A record of CSV or
    Parquet whose file fits its source has each declared field.
    """
    held = lake.read(table)
    if source.format == "text":
        ((name, kind),) = ((field.name, field.type) for field in source.contract)
        taken = F.min("ingested_at"), F.max("ingested_at")
        count, *times = held.agg(F.count("*"), *taken).collect()[0]
        return [Sent(name, kind, count, *(each and in_utc(each) for each in times))]
    fields = {field.name: field.type for field in source.contract}
    record = F.col("record") if source.format == "json" else F.col("rescued")
    # Of a repeated key of one object the last one counts, as where the record is parsed.
    names = F.map_keys(F.from_json(record, "MAP<STRING, STRING>"))
    if source.format != "json":
        names = F.when(record.isNull(), F.array(*map(F.lit, fields))).otherwise(names)
    rows = held.select(F.explode(F.array_distinct(names)).alias("name"), "ingested_at")
    counted = rows.groupBy("name").agg(
        F.count("*").alias("records"), F.min("ingested_at"), F.max("ingested_at")
    )
    sent = {
        row["name"]: Sent(
            row["name"], fields.get(row["name"]), row["records"], in_utc(row[2]), in_utc(row[3])
        )
        for row in counted.collect()
    }
    unknown = sorted(name for name in sent if name not in fields)
    declared = [sent.get(name) or Sent(name, kind, 0) for name, kind in fields.items()]
    return declared + [sent[name] for name in unknown]
