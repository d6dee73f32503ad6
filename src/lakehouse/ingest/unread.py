"""Landed records that cannot be read, each with the rule that it breaks."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.declare.expectation import BROKEN
from lakehouse.declare.source import RECORD, SENT, Source

UNREAD = "_lake_unread"
"""STRUCT: the `rule` that a record breaks, `why`, and its `bytes` where it is no text; NULL where
it can be read."""

UNREAD_TYPE = "STRUCT<rule STRING, why STRING, bytes BINARY>"

DECODED = "a record can be decoded"
CLOSED = "the quotes of a record are closed"
EVEN = "a record has the cells of its header"
RULES = (DECODED, CLOSED, EVEN)
"""The rules that a record of text has to keep: in one that does not there is nothing to judge."""


UNREAD_ROW = ("file", "message", "encoding", "bytes", "why")
"""What of a record that cannot be read stands in the `row` of quarantine."""


def because(rule: str, why: Column | None = None, content: Column | None = None) -> Column:
    """UNREAD of a record that breaks a rule."""
    none = F.lit(None)
    parts = {
        "rule": F.lit(rule),
        "why": (none if why is None else why).cast("string"),
        "bytes": (none if content is None else content).cast("binary"),
    }
    return F.struct(*(part.alias(name) for name, part in parts.items()))


def counts() -> list[Column]:
    """How many records can be read, and how many break each rule: aggregates, in this order."""
    rule = F.col(f"{UNREAD}.rule")
    broken = (F.count_if(rule == each).alias(f"unread{at}") for at, each in enumerate(RULES))
    return [F.count_if(rule.isNull()).alias("landed"), *broken]


def by_rule(seen: Mapping[str, int]) -> dict[str, int]:
    """The broken rules of `counts`, with how many records break each."""
    totals = ((rule, seen[f"unread{at}"]) for at, rule in enumerate(RULES))
    return {rule: total for rule, total in totals if total}


def count(unread: DataFrame) -> dict[str, int]:
    """How many records of `unread_records` break each rule."""
    kinds = unread.groupBy(F.get(BROKEN, F.lit(0))).count().collect()
    return {row[0]: row[1] for row in sorted(kinds)}


def unread_records(landed: DataFrame, source: Source) -> DataFrame:
    """Of landed rows those that cannot be read: `file` or `message`, `encoding` and `bytes` of one
    that is no text, `why` of one that is, its `_record`, `arrived_at`, and the rule that it breaks.
    """
    content = F.col(f"{UNREAD}.bytes")
    return landed.where(F.col(UNREAD).isNotNull()).select(
        F.col("source_file").alias("file"),
        F.col(SENT).alias("message"),
        F.when(content.isNotNull(), F.lit(source.encoding)).alias("encoding"),
        content.alias("bytes"),
        F.col(f"{UNREAD}.why").alias("why"),
        source.record().alias(RECORD),
        "arrived_at",
        F.array(f"{UNREAD}.rule").alias(BROKEN),
    )


def breaks_a_rule(rules: str) -> Column:
    """Whether an array of broken rules has one of these: of a record that could not be read."""
    return F.arrays_overlap(F.col(rules), F.array(*map(F.lit, RULES)))
