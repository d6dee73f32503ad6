"""How tables and models are found, ordered and named."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.declare import project
from lakehouse.declare.schema import columns

TABLE = """
from lakehouse.declare.table import Table
{imports}
TABLE = Table(name="{name}", schema="id BIGINT", reads=({reads}), transform=lambda df: df)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    name = f"shop_{abs(hash(request.node.name))}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield name  # type: ignore[misc]
    for module in [each for each in sys.modules if each.startswith(name)]:
        del sys.modules[module]


def page(folder: Path, package: str, module: str, name: str, imports: str = "", reads: str = ""):  # type: ignore[no-untyped-def]
    text = TABLE.format(name=name, imports=imports, reads=reads)
    (folder / package / f"{module}.py").write_text(text)


def test_a_new_table_is_one_new_file(tmp_path: Path, package: str) -> None:
    page(tmp_path, package, "zebra", "silver.zebra")
    page(tmp_path, package, "apple", "gold.apple", f"from {package} import zebra", "zebra.TABLE,")
    found = project.load(package)
    assert [table.name for table in found.tables] == ["silver.zebra", "gold.apple"]


@pytest.mark.parametrize(
    "by_name", [False, True], ids=["from shop import apple", "from shop.apple import TABLE"]
)
def test_tables_that_read_one_another_are_refused_by_name(
    tmp_path: Path, package: str, by_name: bool
) -> None:
    for name, other in (("apple", "zebra"), ("zebra", "apple")):
        imports, reads = f"from {package} import {other}", f"{other}.TABLE,"
        if by_name:
            imports, reads = f"from {package}.{other} import TABLE as OTHER", "OTHER,"
        page(tmp_path, package, name, f"silver.{name}", imports, reads)
    with pytest.raises(LakehouseError) as refused:
        project.load(package)
    assert str(refused.value) == (
        f"{package}.apple: is made of itself: what it reads reads it in turn. "
        "Take one of these reads away."
    )


def test_a_name_declared_twice_is_refused(tmp_path: Path, package: str) -> None:
    page(tmp_path, package, "one", "silver.sales")
    page(tmp_path, package, "two", "silver.sales")
    with pytest.raises(LakehouseError, match=r"table 'silver\.sales' is declared twice"):
        project.load(package)


def test_a_package_without_a_table_is_refused(package: str) -> None:
    with pytest.raises(LakehouseError, match="declares no table"):
        project.load(package)


def test_an_unknown_package_is_named() -> None:
    with pytest.raises(LakehouseError, match="there is no package 'no_such_shop'"):
        project.load("no_such_shop")


def test_an_unknown_table_is_answered_with_the_nearest(tmp_path: Path, package: str) -> None:
    page(tmp_path, package, "sales", "silver.sales")
    with pytest.raises(LakehouseError, match=r"Did you mean 'silver\.sales'"):
        project.load(package).table("silver.sale")


def test_columns_are_read_without_spark() -> None:
    assert columns("id BIGINT, price DECIMAL(8,2), tags MAP<STRING, ARRAY<INT>>, `at` DATE") == (
        ("id", "BIGINT"),
        ("price", "DECIMAL(8,2)"),
        ("tags", "MAP<STRING, ARRAY<INT>>"),
        ("at", "DATE"),
    )
