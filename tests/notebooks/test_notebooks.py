"""Every notebook of the project, run on a corner shop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakehouse.notebook.outputs import Picture, Table
from lakehouse.notebook.session import Session
from lakehouse.notebook.source import read
from lakehouse.notebook.work import Work

if TYPE_CHECKING:
    from lakehouse.lake import Lake

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(each.stem for each in FOLDER.glob("*.*"))


def ran(shop: Lake, name: str, page: Path, **parameters: str) -> Work:
    session = Session(shop.settings, lambda: shop.spark)
    return Work(FOLDER / f"{name}.py", parameters, session, page, echo=False).go()


def said(work: Work) -> dict[str, object]:
    """What the notebook exits with."""
    found: dict[str, object] = json.loads(work.value or "null")
    return found


def shown(work: Work, title: str) -> Table:
    """The table below the cell of this title."""
    (cell,) = [each for each in work.ran if each.cell.title == title]
    (table,) = [each for each in cell.outputs if isinstance(each, Table)]
    return table


def test_there_are_notebooks_and_each_has_a_test():
    """A folder that is empty, or moved, must not pass for one whose notebooks all run."""
    assert set(NOTEBOOKS) == {"tour"}
    for name in NOTEBOOKS:
        assert f"test_{name}_" in Path(__file__).read_text()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_begins_with_words_and_is_thin(name: str):
    found = read(FOLDER / f"{name}.py")

    assert found.cells[0].kind == "md"
    assert found.cells[0].text.startswith("# ")
    assert max(len(cell.text.splitlines()) for cell in found.cells) <= 25
    assert "def " not in (FOLDER / f"{name}.py").read_text()


def test_tour_accounts_for_every_row_and_shows_every_layer(shop: Lake, tmp_path: Path):
    page = tmp_path / "tour.html"

    work = ran(shop, "tour", page, departments="2")

    accounts = shown(work, "Accounts by table")
    assert len(accounts.rows) == 21
    assert {row[accounts.columns.index("lost")] for row in accounts.rows} == {"0"}
    assert len(shown(work, "The departments that sell most").rows) == 2
    assert shown(work, "Bronze: as it came").rows[0][1] == "baskets.jsonl"
    tiers = shown(work, "Households by how likely they are to stay away")
    assert [row[:2] for row in tiers.rows] == [("High", "13"), ("Medium", "14"), ("Low", "13")]
    assert any(isinstance(each, Picture) for cell in work.ran for each in cell.outputs)
    sold = shop.read("gold.daily_sales").selectExpr("CAST(sum(amount) AS DOUBLE)").first()
    assert said(work) == {"first_week": 2, "last_week": 15, "amount": sold[0]}
    assert "A tour of the lake" in page.read_text()
