"""A file as those that will arrive says of which kind they are and which fields they have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.new.plan import Plan
from lakehouse.new.sample import sampled


def test_a_csv_says_its_delimiter_its_encoding_and_its_fields(tmp_path: Path) -> None:
    page = tmp_path / "Invoices.2026.csv"
    text = "Invoice;Größe;InvoiceDate;Customer ID\n489434;12;2009-12-01 07:45:00;13085\n"
    page.write_bytes(text.encode("windows-1252"))
    sample = sampled(page)
    assert sample.names == ("Invoice", "Größe", "InvoiceDate", "Customer ID")
    assert sample.plan == Plan(
        source="invoices",
        kind="csv",
        key="Invoice",
        time="InvoiceDate",
        entity="Customer ID",
        order=("Invoice", "Größe", "InvoiceDate", "Customer ID"),
        delimiter=";",
        encoding="windows-1252",
    )


def test_the_fields_of_the_project_are_in_the_order_of_the_file(tmp_path: Path) -> None:
    page = tmp_path / "sales.csv"
    page.write_text("shop,sold_at,sale_id,amount,customer\nA,2026-01-01,1,2.50,7\n")
    plan = replace(sampled(page).plan, others=("shop", "amount"))
    assert [(field.raw, field.role) for field in plan.fields] == [
        ("shop", ""),
        ("sold_at", "time"),
        ("sale_id", "key"),
        ("amount", ""),
        ("customer", "entity"),
    ]
    without = replace(plan, others=("amount",))
    assert [field.raw for field in without.fields] == ["sold_at", "sale_id", "amount", "customer"]


def test_lines_of_json_and_parquet_say_theirs(tmp_path: Path) -> None:
    lines = tmp_path / "clicks.jsonl"
    lines.write_text('{"click_id": 1, "at": "2026-01-01", "user": 7, "page": "home"}\n')
    table = tmp_path / "clicks.parquet"
    columns = {"click_id": [1], "at": ["2026-01-01"], "user": [7], "page": ["home"]}
    pq.write_table(pa.table(columns), table)
    for page, kind in ((lines, "json"), (table, "parquet")):
        sample = sampled(page)
        assert sample.names == ("click_id", "at", "user", "page")
        assert (sample.plan.kind, sample.plan.key) == (kind, "click_id")
        assert (sample.plan.time, sample.plan.entity) == ("at", "user")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.xlsx", b"", "does not say of which kind"),
        ("a.csv", b"", "no record can be read"),
        ("a.json", b"[", "no record can be read"),
        ("a.json", b'[{"id": 1}]\n', "its first line is no object"),
        ("a.parquet", b"PAR0", "no record can be read"),
        ("a.csv", b"id,at\n1,2\n", "it has 2 fields"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LakehouseError, match=told):
        sampled(tmp_path / name)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(LakehouseError, match=r"no\.csv: no record can be read"):
        sampled(tmp_path / "no.csv")


def test_a_field_that_the_file_does_not_have_is_answered_with_the_nearest(tmp_path: Path) -> None:
    page = tmp_path / "sales.csv"
    page.write_text("sale_id,sold_at,customer\n1,2026-01-01,7\n")
    sample = sampled(page)
    with pytest.raises(LakehouseError, match="Did you mean 'sale_id'"):
        sample.check(Plan("sales", "csv", "saleid", "sold_at", "customer"))
