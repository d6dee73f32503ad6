"""Whether a table is what its declaration would make: said before, and aloud while it runs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import functions as F
from tests import tiny
from tests.tiny import land_lines, sale

from lakehouse import Append, Expectation, Merge, Table
from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.flow.accept import accept
from lakehouse.flow.plan import plan
from lakehouse.flow.rebuild_table import rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake, builds
from lakehouse.lake.glance import Logs
from lakehouse.terminal.summary import late_tables

BRONZE = tiny.BRONZE_SALES
LOG = replace(tiny.SILVER_SALES, name="silver.log", write=Append())
CHEAP = replace(LOG, expect=(Expectation("a sale is cheap", "amount < 2"),))


def step(lake: Lake, table: Table) -> tuple[str, tuple[str, ...]]:
    (found,) = plan(lake, (BRONZE, table), [table.name])
    return found.state, found.reasons


def told(lake: Lake, *tables: Table) -> list[str]:
    notes: list[str] = []
    with progress.listening(lambda e: notes.append(e.detail) if e.state == "note" else None):
        refresh(lake, tables)
    return notes


def test_a_table_is_new_then_unchanged_then_changed_and_each_run_says_so(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="3"))
    assert step(lake, LOG) == ("new", ())
    assert told(lake, BRONZE, LOG) == []
    assert step(lake, LOG) == ("unchanged", ())
    assert step(lake, CHEAP)[0] == "changed"
    land_lines(landing, "b.jsonl", sale(3), sale(4, amount="3"))
    for _ in range(2):
        (note,) = told(lake, BRONZE, CHEAP)
        assert note == (
            "CHANGED: rule 'a sale is cheap' is new; rule 'a sale has a number' is gone; rule 'a "
            "sale has an amount above zero' is gone; rule 'test sales do not count' is gone. Its "
            "rows so far stay as they were made. Decide: lakehouse plan silver.log"
        )
    late = late_tables(Logs(lake.place), (BRONZE, CHEAP))
    assert late is not None
    assert late.rows.values == [("silver.log", "rows of another definition were added, undecided")]
    assert sorted(row["id"] for row in lake.read("silver.log").collect()) == [1, 2, 3]


def test_what_was_accepted_is_said_no_more(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (BRONZE, LOG))
    assert [each.table.name for each in accept(lake, (BRONZE, CHEAP))] == ["silver.log"]
    assert step(lake, CHEAP) == ("unchanged", ())
    assert told(lake, BRONZE, CHEAP) == []
    assert late_tables(Logs(lake.place), (BRONZE, CHEAP)) is None
    assert accept(lake, (BRONZE, CHEAP)) == []


def test_an_accepted_column_is_null_in_the_rows_so_far(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (BRONZE, LOG))
    made = LOG.transform
    assert made is not None
    wider = replace(
        LOG,
        schema=f"{LOG.schema}, drink BOOLEAN",
        transform=lambda raw: made(raw).withColumn("drink", F.col("item") == "tea"),
    )
    accept(lake, (wider,))
    land_lines(landing, "b.jsonl", sale(2))
    refresh(lake, (BRONZE, wider))
    held = lake.read("silver.log").orderBy("id").collect()
    assert [(row["id"], row["drink"]) for row in held] == [(1, None), (2, True)]


PRICED = Expectation("a sale has a price", "price IS NOT NULL")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (
            {"expect": (Expectation("a sale is cheap", "amount < 2", otherwise="drop"),)},
            "1 of its 2 rows so far would not be kept: 1 break 'a sale is cheap'",
        ),
        ({"where": "id > 9"}, "2 of its 2 rows .* would not be kept: 2 are passed over by where"),
        (
            {"expect": (PRICED,), "schema": f"{LOG.schema}, price DOUBLE"},
            "2 of its 2 rows so far would not be kept: 2 break 'a sale has a price'",
        ),
        ({"expect": (PRICED,)}, "cannot be judged by what they hold: there is no column 'price'"),
    ],
    ids=["a rule", "a filter", "a column", "a column that is not kept"],
)
def test_the_past_may_be_judged_and_what_would_not_be_kept_is_counted(
    lake: Lake, landing: Path, changed: dict[str, object], why: str
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="3"))
    refresh(lake, (BRONZE, LOG))
    table = replace(LOG, **changed)  # type: ignore[arg-type]
    with pytest.raises(LakehouseError, match=why) as refused:
        accept(lake, (BRONZE, table), judge_past=True)
    assert refused.value.todo.startswith("make it anew: lakehouse rebuild silver.log")
    assert step(lake, table)[0] == "changed"


def test_a_past_that_passes_is_accepted(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="3"))
    refresh(lake, (BRONZE, LOG))
    rules = (
        *LOG.expect,
        Expectation("a sale is no fortune", "amount < 1000"),
        Expectation("a sale is cheap", "amount < 2", otherwise="warn"),
    )
    table = replace(LOG, expect=rules, where="id < 9")
    assert [each.table.name for each in accept(lake, (BRONZE, table), judge_past=True)] == [
        "silver.log"
    ]
    assert step(lake, table) == ("unchanged", ())


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"schema": LOG.schema.replace("week INT", "week BIGINT")}, "'week' was INT, is BIGINT"),
        ({"write": Merge(keys=("id",))}, r"was Append\(partition=nothing\), is Merge\(keys=id"),
    ],
    ids=["a type", "a way of writing"],
)
def test_a_table_that_cannot_go_on_is_refused_and_serves_as_it_was(
    lake: Lake, landing: Path, changed: dict[str, object], why: str
) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (BRONZE, LOG))
    table = replace(LOG, **changed)  # type: ignore[arg-type]
    for act in (refresh, accept):
        with pytest.raises(LakehouseError, match=why) as refused:
            act(lake, (BRONZE, table))
        assert refused.value.todo.endswith("lakehouse rebuild silver.log --with-downstream")
    assert lake.read("silver.log").count() == 1


def test_strict_refuses_to_run_over_what_is_not_up_to_date(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (BRONZE, LOG))
    stream = lake.settings.stream.model_copy(update={"strict": True})
    strict = Lake(lake.spark, lake.settings.model_copy(update={"stream": stream}))
    land_lines(landing, "b.jsonl", sale(2))
    with pytest.raises(LakehouseError, match=r"not up to date with their definitions: silver\.log"):
        refresh(strict, (BRONZE, CHEAP))
    assert lake.read("bronze.sales").count() == 1


def test_the_older_of_two_versions_of_the_code_is_told(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="3"))
    refresh(lake, (BRONZE, LOG))
    rebuild_tables(lake, [CHEAP])
    land_lines(landing, "b.jsonl", sale(3))
    with pytest.raises(LakehouseError) as refused:
        refresh(lake, (BRONZE, LOG))
    assert refused.value.what.startswith("this code is not the newest: it was replaced on 20")
    assert refused.value.todo == (
        "deploy the newer code, or go back to this one: lakehouse rebuild silver.log"
    )
    assert [row["id"] for row in lake.read("silver.log").collect()] == [1]
    refresh(lake, (BRONZE, CHEAP))  # the newer one goes on
    rebuild_tables(lake, [LOG])  # a rollback, by decision
    assert step(lake, LOG) == ("unchanged", ())
    assert step(lake, CHEAP)[0] == "replaced"
    assert sorted(row["id"] for row in lake.read("silver.log").collect()) == [1, 2, 3]


def test_rows_made_by_a_version_that_was_rolled_back_are_not_forgotten(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (BRONZE, LOG))
    land_lines(landing, "b.jsonl", sale(2))
    refresh(lake, (BRONZE, CHEAP))
    state, reasons = step(lake, LOG)
    assert state == "changed"
    assert "rule 'a sale is cheap' is gone" in reasons


def test_a_lake_of_a_newer_version_is_refused_and_nothing_changes(
    lake: Lake, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    monkeypatch.setattr(builds, "FORMAT", 2)
    refresh(lake, (BRONZE,))
    monkeypatch.undo()
    land_lines(landing, "b.jsonl", sale(2))
    for act in (lambda: plan(lake, (BRONZE,)), lambda: refresh(lake, (BRONZE,))):
        with pytest.raises(LakehouseError, match="written by a newer version of lakehouse"):
            act()
    assert lake.read("bronze.sales").count() == 1


def test_a_lake_that_was_made_before_definitions_were_kept_is_adopted(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (BRONZE, LOG))
    shutil.rmtree(lake.place.folder("ops.definitions"))
    assert step(lake, LOG) == ("adopted", ())
    refresh(lake, (BRONZE, LOG))
    assert step(lake, LOG) == ("unchanged", ())
    assert lake.read("silver.log").count() == 1


def test_a_table_that_was_taken_away_is_made_again_from_the_beginning(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (BRONZE, LOG))
    shutil.rmtree(lake.place.folder("silver.log"))
    refresh(lake, (BRONZE, LOG))
    assert [row["id"] for row in lake.read("silver.log").collect()] == [1]


def test_a_table_that_is_declared_no_more_is_listed_and_stays(lake: Lake, landing: Path) -> None:
    land_lines(landing, "a.jsonl", sale(1))
    refresh(lake, (BRONZE, LOG))
    last = plan(lake, (BRONZE,))[-1]
    assert (last.table, last.state) == ("silver.log", "gone")
    assert lake.read("silver.log").count() == 1


def test_what_is_below_a_changed_table_is_stale_with_it_and_a_cost_is_told(
    lake: Lake, landing: Path
) -> None:
    land_lines(landing, "a.jsonl", sale(1), sale(2))
    below = Table("silver.ids", "id BIGINT", reads=(LOG,), transform=lambda rows: rows.select("id"))
    refresh(lake, (BRONZE, LOG, below))
    steps = plan(lake, (BRONZE, CHEAP, replace(below, reads=(CHEAP,))))
    assert [(each.table, each.state, each.rows) for each in steps] == [
        ("bronze.sales", "unchanged", 2),
        ("silver.log", "changed", 2),
        ("silver.ids", "stale", 2),
    ]
    assert steps[2].reasons == ("reads silver.log, which is not up to date",)
    assert all(each.seconds and each.seconds > 0 for each in steps)
