"""A job killed anywhere and run again gives the same tables, row for row."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import tiny
from tests.tiny import land_lines, sale

from lakehouse.flow import refresh as refreshing
from lakehouse.flow.refresh import refresh
from lakehouse.flow.settle import recall, settle
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.write import Writer


class KilledError(Exception):
    """Stands in for a process that ends between two commits."""


@pytest.mark.parametrize("moment", ["before the table", "after the table", "after the account"])
def test_a_kill_at_any_moment_changes_nothing(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(1), sale(2, amount="0"), sale(3))
    refresh(lake, (tiny.BRONZE_SALES,))
    spot = {
        "before the table": (Writer, "merge", False),
        "after the table": (Writer, "account", False),
        "after the account": (Writer, "account", True),
    }[moment]
    owner, name, through = spot
    real = getattr(owner, name)

    def killed(self: Writer, *given: object) -> None:
        if through:
            real(self, *given)
        raise KilledError

    monkeypatch.setattr(owner, name, killed)
    with pytest.raises(Exception, match=r"silver\.sales"):
        refresh(lake, (tiny.SILVER_SALES,))
    monkeypatch.setattr(owner, name, real)
    refresh(lake, (tiny.SILVER_SALES,))

    assert sorted(row["id"] for row in lake.read("silver.sales").collect()) == [1, 3]
    assert [row["row"] for row in lake.read("ops.quarantine").select("row").collect()] == [
        lake.read("ops.quarantine").first()["row"]  # type: ignore[index]
    ]
    stored = lake.read("ops.batches").where("table = 'silver.sales'").collect()
    assert [(r["landed"], r["kept"], r["quarantined"], r["duplicate"]) for r in stored] == [
        (4, 2, 1, 1)
    ]


def test_the_same_batch_twice_is_committed_once(lake: Lake) -> None:
    landed = lake.spark.createDataFrame([("x",)], "value STRING")
    table = tiny.Table(name="bronze.plain", schema="value STRING", transform=lambda rows: rows)
    lake.ensure(table)
    writer = Writer(lake, Batch(table.name, "one-query", 0))
    assert settle(writer, table, landed, ()) == Account(landed=1, kept=1)
    assert settle(writer, table, landed, ()) == Account(landed=1, kept=1)
    assert lake.read(table.name).count() == 1


def test_another_query_s_batch_of_the_same_number_is_not_mistaken_for_it(lake: Lake) -> None:
    landed = lake.spark.createDataFrame([("x",)], "value STRING")
    table = tiny.Table(name="bronze.plain", schema="value STRING", transform=lambda rows: rows)
    lake.ensure(table)
    settle(Writer(lake, Batch(table.name, "one-query", 0)), table, landed, ())
    another = Writer(lake, Batch(table.name, "another-query", 0))
    assert recall(another, table) is None
    settle(another, table, landed, ())
    assert lake.read(table.name).count() == 2


def test_a_table_that_is_being_refreshed_is_not_refreshed_twice(lake: Lake) -> None:
    from lakehouse.base.errors import LakehouseError
    from lakehouse.lake.lock import lock

    with (
        lock(lake, "silver.sales"),
        pytest.raises(LakehouseError, match=r"silver\.sales: is being refreshed by another run"),
    ):
        refreshing.refresh_table(lake, tiny.SILVER_SALES)
