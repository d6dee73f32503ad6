"""A SELECT in a file: what is refused, how it is called, and what it leaves behind."""

from __future__ import annotations

import pickle
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyspark.sql import functions as F
from tests import tiny

from lakehouse import Append, LakehouseError, Rebuild, Source, Table, bronze, select
from lakehouse.declare.code import code_of
from lakehouse.declare.definition import definition_of
from lakehouse.declare.select import Select

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LINES = Table("silver.lines", "id BIGINT, week INT, product_id BIGINT, tags ARRAY<STRING>")
PRODUCTS = Table("silver.products", "product_id BIGINT, name STRING")


def table(text: str, *reads: Table | Source, schema: str = "id BIGINT, week INT") -> Table:
    given = Select("shop.gold.daily", text)
    return Table("gold.daily", schema, reads or (LINES,), given, write=Rebuild("week"))


REFUSED = {
    "two statements": (
        "SELECT id, week\nFROM silver.lines;\nSELECT 1",
        "gold.daily (daily.sql:3:1): there is more than one statement. Keep one",
    ),
    "a statement that writes": (
        "DELETE FROM silver.lines",
        "gold.daily (daily.sql:1:1): it begins with DELETE, and a transform is a SELECT.",
    ),
    "one that writes behind a WITH": (
        "WITH t AS (SELECT 1 AS id) INSERT INTO silver.lines SELECT * FROM t",
        "gold.daily (daily.sql:1:1): it is INSERT, and a transform is a SELECT.",
    ),
    "nothing": (
        "-- later", "gold.daily (daily.sql:1:1): it is empty, and a transform is a SELECT.",
    ),
    "a table that it does not read": (
        "SELECT l.id\nFROM silver.lines AS l\n  JOIN silver.product AS p USING (product_id)",
        "gold.daily (daily.sql:3:8): it selects from silver.product, which is not among the reads "
        "of the table. Did you mean 'silver.products'?",
    ),
    "a table without its layer": (
        "SELECT id FROM lines JOIN silver.products",
        "gold.daily (daily.sql:1:16): it selects from lines, which is not among the reads of the "
        "table. Did you mean 'silver.lines'?",
    ),
    "a read that it does not select from": (
        "SELECT id, week FROM silver.lines",
        "gold.daily (daily.sql:1:1): the table reads silver.products, and its SELECT does not. "
        "Select from it, or read it no more.",
    ),
    "a comma too many": (
        "SELECT id,\n  week,\n  (id + \nFROM silver.lines",
        "gold.daily (daily.sql:4:1): it cannot be parsed near 'FROM'. Mend it there.",
    ),
    "a text without an end": (
        "SELECT id,\n  'week FROM silver.lines",
        "gold.daily (daily.sql:2:3): a ' is never closed. Close it.",
    ),
    "a comment without an end": (
        "SELECT id /* and\n FROM silver.lines",
        "gold.daily (daily.sql:1:11): a comment is never closed. Close it by */.",
    ),
    "files": (
        "SELECT id FROM parquet.`/data/lines`",
        "gold.daily (daily.sql:1:16): it selects from parquet./data/lines, which is not among",
    ),
    "a function that reads": (
        "SELECT id\nFROM read_files('/data/lines')",
        "gold.daily (daily.sql:2:6): it selects from the function read_files(). "
        "Declare what is to be read as a source or a table.",
    ),
    "a name that is computed": (
        "SELECT id FROM IDENTIFIER('silver.lines')",
        "gold.daily (daily.sql:1:16): it selects from the function identifier().",
    ),
    "a program": (
        "SELECT TRANSFORM (id) USING 'cat' AS (id) FROM silver.lines",
        "gold.daily (daily.sql:1:8): TRANSFORM runs a program. Use a function.",
    ),
    "a parameter": (
        "SELECT id FROM silver.lines\nWHERE week > :since",
        "gold.daily (daily.sql:2:14): the parameter :since has no value. Write it there, or read",
    ),
    "a parameter by its position": (
        "SELECT id FROM silver.lines WHERE week > ?",
        "gold.daily (daily.sql:1:42): the parameter ? has no value.",
    ),
    "a variable, even in a text": (
        "SELECT id FROM silver.lines WHERE name = '${env}'",
        "gold.daily (daily.sql:1:43): the parameter ${env} has no value.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_select_of_the_reads_is_refused_when_it_is_declared(
    text: str, sentence: str
) -> None:
    with pytest.raises(LakehouseError) as refused:
        table(text, LINES, PRODUCTS)
    assert str(refused.value).startswith(sentence)


def test_the_code_of_a_table_is_its_select_and_the_fields_of_records_that_it_reads() -> None:
    lines = Source("lines", "id STRING, week STRING")
    more = replace(lines, schema="id STRING, week STRING, name STRING")

    def silver(source: Source, text: str = "SELECT id FROM bronze.lines") -> Table:
        return Table(
            "silver.lines", "id STRING", (bronze(source),), Select("shop.silver.lines", text)
        )

    transform = silver(lines).transform
    assert transform is not None
    assert sorted(code_of(transform)) == ["fields of bronze.lines", "shop.silver.lines.sql"]
    assert definition_of(silver(lines)).digest != definition_of(silver(more)).digest
    same = silver(lines, "SELECT id -- its number\nFROM bronze.lines")
    assert definition_of(silver(lines)) == definition_of(same)


@pytest.fixture
def frames(spark: SparkSession) -> dict[str, DataFrame]:
    lines = [(1, 7, 100, ["a", "b"]), (2, 7, 200, []), (3, 8, 100, None)]
    products = [(100, "tea {black}"), (300, "rice")]
    return {
        "lines": spark.createDataFrame(lines, LINES.schema),
        "products": spark.createDataFrame(products, PRODUCTS.schema),
    }


SELECTS = {
    "names as they are declared": (
        "SELECT l.id, p.name FROM silver.lines AS l JOIN silver.products AS p "
        "ON l.product_id = p.product_id",
        [(1, "tea {black}"), (3, "tea {black}")],
    ),
    "names in other case, and in backticks": (
        "SELECT l.id, p.name FROM Silver.Lines l JOIN `silver`.`products` p "
        "ON l.product_id = p.product_id",
        [(1, "tea {black}"), (3, "tea {black}")],
    ),
    "columns by the names of their tables": (
        "SELECT lines.id, silver.products.name FROM silver.lines JOIN silver.products "
        "ON silver.lines.product_id = `products`.product_id",
        [(1, "tea {black}"), (3, "tea {black}")],
    ),
    "all of a table": (
        "SELECT silver.products.* FROM silver.products WHERE product_id NOT IN "
        "(SELECT product_id FROM silver.lines)",
        [(300, "rice")],
    ),
    "braces in a text": (
        "SELECT p.product_id, regexp_extract(p.name, '[a-z]{5}', 0) FROM silver.products p "
        "WHERE p.name LIKE '%{black}' AND EXISTS (SELECT 1 FROM silver.lines)",
        [(100, "black")],
    ),
    "a table twice, and a query of a WITH that has its name": (
        "WITH lines AS (SELECT id FROM silver.lines WHERE week = 7), "
        "products AS (SELECT product_id FROM silver.products) "
        "SELECT x.id, y.id FROM lines x JOIN silver.lines y ON x.id = y.id CROSS JOIN products "
        "WHERE products.product_id = 300",
        [(1, 1), (2, 2)],
    ),
    "a lateral view": (
        "SELECT id, tag FROM silver.lines LATERAL VIEW explode_outer(tags) AS tag "
        "WHERE product_id IN (SELECT product_id FROM silver.products)",
        [(1, "a"), (1, "b"), (3, None)],
    ),
    "a sample of all": (
        "SELECT l.id, p.name FROM silver.lines TABLESAMPLE (100 PERCENT) AS l "
        "JOIN silver.products TABLESAMPLE (9 ROWS) p USING (product_id)",
        [(1, "tea {black}"), (3, "tea {black}")],
    ),
}


@pytest.mark.parametrize(("text", "rows"), SELECTS.values(), ids=SELECTS.keys())
def test_a_select_is_called_as_any_transform(
    frames: dict[str, DataFrame], text: str, rows: list[tuple[object, ...]]
) -> None:
    transform = table(text, LINES, PRODUCTS).transform
    assert transform is not None
    made = transform(frames["lines"], frames["products"])
    assert [tuple(row) for row in sorted(made.collect())] == rows


JOINED = """\
SELECT /*+ {hint} */ id FROM silver.lines JOIN silver.products
ON lines.product_id = products.product_id"""


@pytest.mark.parametrize("hinted", ["products", "silver.products", "`Silver`.products"])
def test_a_hint_reaches_its_table(frames: dict[str, DataFrame], hinted: str) -> None:
    text = JOINED.replace("{hint}", f"BROADCAST({hinted})")
    made = pickle.loads(pickle.dumps(table(text, LINES, PRODUCTS))).transform(*frames.values())
    plan = made._jdf.queryExecution().optimizedPlan().toString()
    assert "rightHint=(strategy=broadcast)" in plan


def test_selects_leave_nothing_behind_and_do_not_meet(frames: dict[str, DataFrame]) -> None:
    spark = frames["lines"].sparkSession
    held = frames["lines"].where("id > 1").cache()
    assert held.count() == 2
    views = spark.catalog.listTables()

    def made(number: int) -> list[int]:
        text = f"SELECT id + {number} AS id, week FROM silver.lines"
        transform = table(text).transform
        assert transform is not None
        return [row["id"] for row in transform(held).orderBy("id").collect()]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(made, range(8))) == [[2 + n, 3 + n] for n in range(8)]
    assert spark.catalog.listTables() == views
    assert "InMemoryRelation" in held.select("id")._jdf.queryExecution().withCachedData().toString()
    held.unpersist()


def test_records_are_seen_as_their_source_parses_them(spark: SparkSession) -> None:
    text = "SELECT upper(item) AS item, id, _record, _row FROM bronze.sales"
    silver = Table(
        "silver.items", "item STRING, id STRING", (tiny.BRONZE_SALES,),
        Select("shop.silver.items", text), one_to_many=True, write=Append(),
    )  # fmt: skip
    lines = ['{"id": 1, "item": "tea"}', "what?"]
    raw = spark.createDataFrame([(line,) for line in lines], "record STRING")
    raw = raw.withColumns({"arrived_at": F.lit(None), "_row": F.lit(7)})
    assert silver.transform is not None
    assert [tuple(row) for row in silver.transform(raw).collect()] == [
        ("TEA", "1", lines[0], 7),
        (None, None, "what?", 7),
    ]


PAGE = "from lakehouse import Source, Table, bronze, select\nSELECT = select(__name__)\n"


@pytest.mark.parametrize("packed", [False, True], ids=["a folder", "an archive"])
def test_the_file_is_that_beside_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    pages = {"__init__.py": "", "sold.py": PAGE, "sold.sql": "SELECT 'é'", "bare.py": PAGE}
    if packed:
        with zipfile.ZipFile(tmp_path / "shop.zip", "w") as archive:
            for name, text in pages.items():
                archive.writestr(f"packed_shop/{name}", text)
        monkeypatch.syspath_prepend(str(tmp_path / "shop.zip"))
    else:
        (tmp_path / "packed_shop").mkdir()
        for name, text in pages.items():
            (tmp_path / "packed_shop" / name).write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
    from importlib import import_module

    try:
        page = import_module("packed_shop.sold")
        assert (page.SELECT.module, page.SELECT.text) == ("packed_shop.sold", "SELECT 'é'")
        with pytest.raises(LakehouseError) as refused:
            import_module("packed_shop.bare")
    finally:
        for name in [name for name in sys.modules if name.startswith("packed_shop")]:
            del sys.modules[name]
    assert str(refused.value) == (
        "packed_shop.bare: there is no file bare.sql beside this page. Write its SELECT there."
    )


def test_a_page_in_no_package_has_no_select() -> None:
    with pytest.raises(LakehouseError, match="__main__: the SELECT of a page that is in no pack"):
        select("__main__")
