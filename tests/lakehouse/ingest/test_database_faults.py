"""A database that is down, refuses or cannot be asked so: one sentence, and nothing has landed."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.postgres import Postgres, reading
from tests.servers import free_port

from lakehouse import Source, bronze
from lakehouse.base.arrival_settings import DatabaseSettings
from lakehouse.base.errors import LakehouseError
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake

SALES = Source("sales", "id BIGINT, item STRING")


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"table": "no_such", "by": "id"}, 'relation "no_such" does not exist'),
        ({"query": "SELEC 1", "by": "id"}, "syntax error"),
        ({"table": "{table}", "by": "ids"}, "unknown column 'ids'. Did you mean 'id'?"),
        ({"table": "{table}", "by": "item"}, "the column 'item' is string"),
        ({"table": "{table}", "keys": ["item"]}, "do not tell its rows apart"),
    ],
    ids=["no table", "no SQL", "no column", "text", "keys"],
)
def test_what_cannot_be_asked_is_a_sentence(
    lake: Lake, postgres: Postgres, table: str, wanted: dict[str, Any], sentence: str
) -> None:
    postgres.call(f"INSERT INTO {table} VALUES (1, 'tea'), (2, 'tea')")
    named = {k: v.format(table=table) if isinstance(v, str) else v for k, v in wanted.items()}
    with pytest.raises(LakehouseError) as caught:
        refresh(reading(lake, postgres, **named), [bronze(SALES)])
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("database.tables.sales: ")


def test_a_table_that_is_suddenly_empty_is_not_taken_for_deletes(
    lake: Lake, postgres: Postgres, table: str
) -> None:
    reader = reading(lake, postgres, table=table, keys=["id"])
    postgres.call(f"INSERT INTO {table} VALUES (1, 'tea')")
    refresh(reader, [bronze(SALES)])
    postgres.call(f"DELETE FROM {table}")
    with pytest.raises(LakehouseError, match="it is empty, and had rows the last time"):
        refresh(reader, [bronze(SALES)])
    emptied = reading(lake, postgres, table=table, keys=["id"], may_be_empty=True)
    assert [each.landed for each in refresh(emptied, [bronze(SALES)])["bronze.sales"]] == [1]


def test_a_database_that_is_down_or_refuses_is_a_sentence_within_seconds(
    lake: Lake, postgres: Postgres, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sentence(server: Postgres) -> str:
        begun = time.monotonic()
        with pytest.raises(LakehouseError) as caught:
            refresh(reading(lake, server, table=table, by="id"), [bronze(SALES)])
        assert time.monotonic() - begun < 10
        return str(caught.value)

    down = sentence(Postgres(free_port()))
    assert down == (
        "database.tables.sales: the database does not answer. "
        "See that it is up, or mend database.url."
    )
    monkeypatch.setenv("PG_PASSWORD", "wrong and secret")
    refused = sentence(postgres)
    assert "the database refuses these credentials" in refused
    assert "secret" not in refused


def test_settings_that_do_not_fit_are_refused(lake: Lake, postgres: Postgres) -> None:
    def refused(**about: Any) -> str:
        given = {"url": postgres.url, "tables": {"sales": {"table": "t", "by": "id"}}, **about}
        database = DatabaseSettings.model_validate(given)
        within = Lake(lake.spark, lake.settings.model_copy(update={"database": database}))
        with pytest.raises(LakehouseError) as caught:
            refresh(within, [bronze(SALES)])
        return str(caught.value)

    assert "'postgres' is no database" in refused(url="postgres")
    assert "holds a secret" in refused(url=f"{postgres.url}?password=tea")
    assert "holds a secret" in refused(password="tea")
    rows = {"table": "t", "by": "id", "keys": ["id"]}
    for wrong in (rows, {"table": "t", "query": "SELECT 1", "by": "id"}, {"by": "id"}):
        with pytest.raises(ValueError, match="one of the two"):
            DatabaseSettings.model_validate({"tables": {"sales": wrong}})


def test_rows_land_as_json_alone(lake: Lake, postgres: Postgres) -> None:
    cells = Source("sales", SALES.schema, format="csv")
    with pytest.raises(LakehouseError, match="rows of a database land as lines of JSON"):
        refresh(reading(lake, postgres, table="t", by="id"), [bronze(cells)])
