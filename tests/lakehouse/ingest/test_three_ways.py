"""Files, messages and rows of a database: the same declarations, and the same rows."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import make_lake
from tests.postgres import Postgres, reading
from tests.topics import Topic, arriving

from lakehouse import Expectation, Merge, Source, Table, bronze
from lakehouse.base.arrival_settings import KafkaSettings
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake

SALES = Source("sales", "id BIGINT, item STRING, amount DECIMAL(8,2)")
SILVER = Table(
    "silver.sales",
    SALES.schema,
    (bronze(SALES),),
    lambda raw: SALES.parse(raw).select(*SALES.fields, "_record"),
    (Expectation("a sale has a number", "id IS NOT NULL"),),
    Merge(("id",)),
)


def test_the_same_rows_are_made_whichever_way_records_come(
    lake: Lake, landing: Path, kafka: str, postgres: Postgres, table: str, tmp_path: Path
) -> None:
    lines = [
        {"id": n if n % 7 else None, "item": f"it's ☕ {n % 5}", "amount": n / 4} for n in range(40)
    ]
    lines.append(lines[-1])  # told twice
    page = landing / "sales" / "a.jsonl"
    page.parent.mkdir()
    page.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    topic = Topic.made(kafka)
    topic.send(*map(json.dumps, lines))
    postgres.call(
        f"ALTER TABLE {table} ADD at serial; INSERT INTO {table} (id, item, amount) SELECT * FROM "
        f"json_to_recordset($json${json.dumps(lines)}$json$) "
        "AS x(id bigint, item text, amount numeric)"
    )
    by_kafka, by_database = (
        make_lake(lake.spark, tmp_path / name, tmp_path / f"{name} landing") for name in ("b", "c")
    )
    settings = KafkaSettings.model_validate(arriving({"sales": topic}))
    ways = (
        lake,
        Lake(lake.spark, by_kafka.settings.model_copy(update={"kafka": settings})),
        reading(by_database, postgres, table=table, by="at"),
    )
    made = []
    for each in ways:
        accounts = refresh(each, (bronze(SALES), SILVER))
        rows = sorted(map(tuple, each.read(SILVER.name).collect()))
        aside = each.read("ops.quarantine").select("table", "rules").collect()
        made.append((accounts, rows, sorted(map(tuple, aside))))
    assert made[0] == made[1] == made[2]
    accounts, rows, aside = made[0]
    [silver] = accounts["silver.sales"]
    assert (silver.landed, silver.kept, silver.quarantined, silver.duplicate) == (41, 34, 6, 1)
    assert (len(rows), len(aside)) == (34, 6)
