"""A glance says the same of a table whether it reads its log or asks Spark."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.base.errors import LakehouseError
from lakehouse.lake.glance import Glance, Logs, Through, glance
from lakehouse.lake.totals import COUNTS, Totals, totals

ROWS = pa.table(
    {
        "id": pa.array([1, 2], pa.int64()),
        "amount": pa.array([Decimal("2.50"), None], pa.decimal128(8, 2)),
        "day": pa.array([date(2017, 1, 1), None]),
        "at": pa.array(
            [datetime(2017, 1, 1, 9, 30, tzinfo=timezone.utc), None], pa.timestamp("us", tz="UTC")
        ),
        "rules": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
    }
)


@pytest.fixture
def both(lake) -> tuple[Glance, Glance]:
    folder = lake.place.folder("silver.sold")
    write_deltalake(folder, ROWS.slice(0, 1))
    write_deltalake(folder, ROWS.slice(1), mode="append")
    return Logs(lake.place), Through(lake)


def test_rows_and_facts_are_the_same_either_way(both):
    logs, spark = both
    assert logs.exists("silver.sold") and spark.exists("silver.sold")
    assert not logs.exists("silver.other") and not spark.exists("silver.other")
    assert logs.columns("silver.sold") == spark.columns("silver.sold") == [
        ("id", "bigint"), ("amount", "decimal(8,2)"), ("day", "date"), ("at", "timestamp"),
        ("rules", "map<string,bigint>"),
    ]  # fmt: skip
    assert logs.facts("silver.sold") == spark.facts("silver.sold")
    assert logs.facts("silver.sold").rows == 2
    for version, expected in ((None, 2), (0, 1)):
        ways = [each.sample("silver.sold", None, version) for each in both]
        rows = [sorted(way.rows, key=lambda row: row[0]) for way in ways]
        assert rows[0] == rows[1]
        assert len(rows[0]) == expected
    assert rows[0] == [
        (1, Decimal("2.50"), date(2017, 1, 1), datetime(2017, 1, 1, 9, 30, tzinfo=timezone.utc),
         {"a": 1}),
    ]  # fmt: skip


def test_histories_are_the_same_either_way(both):
    versions = [
        [(each.version, each.at, each.operation) for each in way.history("silver.sold")]
        for way in both
    ]
    assert versions[0] == versions[1]
    assert [version for version, _, _ in versions[0]] == [1, 0]


def test_accounts_are_added_up_where_they_are(lake):
    assert totals(Logs(lake.place)) == totals(Through(lake)) == []
    batches = pa.table(
        {
            "table": ["silver.sold", "silver.sold", "silver.item"],
            **{count: pa.array([each, 1, 4], pa.int64()) for each, count in enumerate(COUNTS)},
            "rules": pa.array(
                [[("a", 2), ("b", 1)], [("a", 3)], None], pa.map_(pa.string(), pa.int64())
            ),
        }
    )
    write_deltalake(lake.place.folder("ops.batches"), batches)
    whole = [
        Totals("silver.item", 1, dict.fromkeys(COUNTS, 4), {}),
        Totals("silver.sold", 2, {c: n + 1 for n, c in enumerate(COUNTS)}, {"a": 5, "b": 1}),
    ]
    assert totals(Logs(lake.place)) == totals(Through(lake)) == whole


def test_what_is_not_there_is_refused_alike(both):
    for way in both:
        with pytest.raises(LakehouseError, match="has not been filled yet"):
            way.sample("silver.other", 1)
        with pytest.raises(LakehouseError, match="has no version 9"):
            way.sample("silver.sold", 1, 9)


def test_a_catalog_is_asked_through_spark(lake):
    placed = lake.settings.lake.model_copy(update={"catalog": "dev"})
    elsewhere = lake.settings.model_copy(update={"lake": placed})
    assert isinstance(glance(elsewhere, lambda: lake), Through)
    assert isinstance(glance(lake.settings, lambda: pytest.fail("no Spark")), Logs)
