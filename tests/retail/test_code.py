"""The code of the tables of the shop, and what changes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.checkout import ROOT
from tests.lakehouse.declare.code.mutants import mutants, rewritten
from tests.lakehouse.declare.code.small_shop import Shop, shop_in

from lakehouse.declare import project
from lakehouse.declare.code import code_of
from lakehouse.declare.table import Table

TABLES = [table for table in project.load("retail").tables if table.transform is not None]


def test_a_library_counts_by_its_name_alone() -> None:
    transform = next(table for table in TABLES if table.layer == "bronze").transform
    assert transform is not None
    assert list(code_of(transform)) == ["lakehouse.declare.table.as_landed"]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_of_the_shop_has_code_of_the_shop_alone(table: Table) -> None:
    assert table.transform is not None
    code = code_of(table.transform)
    assert code
    engine = {"lakehouse.declare.table.as_landed"} if table.layer == "bronze" else set()
    assert {name for name in code if not name.startswith("retail.")} == engine


def test_a_table_reaches_its_helpers_and_no_other_table() -> None:
    code = {table.name: set(code_of(table.transform)) for table in TABLES if table.transform}
    assert "retail.calendar.local_day" in code["silver.basket_lines"]
    assert "retail.bronze.baskets.SOURCE" in code["silver.basket_lines"]
    assert "retail.features.gaps._log_odds" in code["gold.household_weeks"]
    assert not any(name.startswith("retail.silver") for name in code["gold.household_weeks"])


GAPS = (ROOT / "src/retail/features/gaps.py").read_text(encoding="utf-8")
WEEKS = (ROOT / "src/retail/features/weeks.py").read_text(encoding="utf-8")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with shop_in(tmp_path) as written:
        yield written


@pytest.mark.parametrize("name", ["sums", "_quiet_odds"])
def test_any_constant_or_operator_counts_and_nothing_else_does(shop: Shop, name: str) -> None:
    weeks = WEEKS.replace("retail.", "shop.").replace("shop.features.", "shop.")
    calendar = (ROOT / "src/retail/calendar.py").read_text(encoding="utf-8")

    def code(text: str) -> str:
        pages = {"sales": text.replace("retail.features.", "shop."), "weeks": weeks}
        return shop.code({**pages, "calendar": calendar}, name)[f"shop.sales.{name}"]

    plain = code(GAPS)
    assert [code(text) for text in rewritten(GAPS)] == [plain] * 2
    digests = [code(mutant) for mutant in mutants(GAPS, name)]
    assert len(digests) >= 8
    assert len({plain, *digests}) == 1 + len(digests)
