"""A column that a contract has no more stays in its table, and batches go on around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F
from tests.lakehouse.flow.small_tables import arrive, make, row

from lakehouse.declare.writes import Merge
from lakehouse.flow.commit import commit
from lakehouse.lake.account import Batch
from lakehouse.lake.write import Writer

if TYPE_CHECKING:
    from lakehouse.lake import Lake


def test_a_merge_leaves_a_column_that_its_contract_lost_as_it_is(lake: Lake) -> None:
    merge = Merge(keys=("id",), newest_by="n")
    raw = row(lake.spark)
    arrive(lake, make("id BIGINT, n INT, name STRING", write=merge), raw)
    less = make("id BIGINT, n INT", write=merge)
    newer = raw.withColumn("n", F.lit(3)).union(raw.withColumn("id", F.lit(7).cast("bigint")))
    commit(Writer(lake, Batch(less.name, "q", 1)), less, newer)
    held = sorted(map(tuple, lake.read(less.name).select("id", "n", "name").collect()))
    assert held == [(1, 3, "x"), (7, 2, None)]
