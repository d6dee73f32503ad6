"""Every notebook of the project, run on a corner shop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.checkout import ROOT
from tests.retail.notebooks.conftest import basket_lines

from lakehouse.run.notebook.notebook_run import NotebookRun
from lakehouse.run.notebook.outputs import Output, Picture, Table, Text
from lakehouse.run.notebook.session import Session
from lakehouse.run.notebook.source import read

if TYPE_CHECKING:
    from lakehouse.lake import Lake

FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(each.stem for each in FOLDER.glob("*.*"))


def ran(shop: Lake, name: str, page: Path, **parameters: str) -> NotebookRun:
    session = Session(shop.settings, lambda: shop.spark)
    return NotebookRun(FOLDER / f"{name}.py", parameters, session, page, echo=False).go()


def said(work: NotebookRun) -> dict[str, object]:
    """What the notebook exits with."""
    found: dict[str, object] = json.loads(work.value or "null")
    return found


def below(work: NotebookRun, title: str) -> list[Output]:
    """What the cell of this title shows."""
    (cell,) = [each for each in work.cell_runs if each.cell.title.startswith(title)]
    return cell.outputs


def shown(work: NotebookRun, title: str) -> Table:
    """The table below the cell of this title."""
    (table,) = [each for each in below(work, title) if isinstance(each, Table)]
    return table


def printed(work: NotebookRun, title: str) -> str:
    """What the cell of this title printed."""
    return "".join(each.text for each in below(work, title) if isinstance(each, Text))


def test_there_are_notebooks_and_each_has_a_test():
    """A folder that is empty, or moved, must not pass for one whose notebooks all run."""
    assert len(NOTEBOOKS) >= 7
    page = (FOLDER.parent / "docs" / "notebooks.md").read_text()
    for name in NOTEBOOKS:
        assert f"def test_{name}_" in Path(__file__).read_text()
        assert f"(../notebooks/{name}.py)" in page


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_begins_with_words_and_is_thin(name: str):
    found = read(FOLDER / f"{name}.py")

    assert found.cells[0].kind == "md"
    assert found.cells[0].text.startswith("# ")
    assert max(len(cell.text.splitlines()) for cell in found.cells) <= 27
    assert "def " not in (FOLDER / f"{name}.py").read_text()


def test_session_walks_from_the_first_click_to_the_basket(shop: Lake, tmp_path: Path):
    work = ran(shop, "session", tmp_path / "session.html")
    assert said(work) == {"basket": 7001, "clicks": 6, "sessions": 13}
    kinds = [row[1] for row in shown(work, "Its clicks").rows]
    assert kinds == ["view", "cart", "search", "view", "checkout", "order"]
    assert len(shown(work, "The basket").rows) > 0
    assert "19 landed = 13 kept + 5 combined + 0 held + 1 late" in printed(work, "Where the")
    assert any(isinstance(each, Picture) for each in below(work, "Sessions by the last"))


def test_tour_accounts_for_every_row_and_shows_every_layer(shop: Lake, tmp_path: Path):
    page = tmp_path / "tour.html"

    work = ran(shop, "tour", page, departments="2")

    accounts = shown(work, "Accounts by table")
    assert accounts.columns[:4] == ("table", "batches", "landed", "kept")
    assert [row[:4] for row in accounts.rows] == [
        ("bronze.baskets", "1", "9", "9"),
        ("silver.basket_lines", "2", "14", "11"),
        ("silver.sessions", "1", "19", "13"),
    ]
    assert {row[accounts.columns.index("lost")] for row in accounts.rows} == {"0"}
    assert len(shown(work, "The departments that sell most").rows) == 2
    assert shown(work, "Bronze: as it came").rows[0][1] == "day.jsonl"
    tiers = shown(work, "Households by how likely they are to stay away")
    assert [row[:2] for row in tiers.rows] == [("High", "13"), ("Medium", "14"), ("Low", "13")]
    assert any(isinstance(each, Picture) for cell in work.cell_runs for each in cell.outputs)
    lines = [each for each in basket_lines() if each["quantity"]]
    assert said(work) == {
        "first_week": 2,
        "last_week": 15,
        "amount": sum(each["sales_value"] for each in lines),
    }
    assert "A tour of the lake" in page.read_text()


def test_churn_shows_who_stays_away_and_whom_to_call(shop: Lake, tmp_path: Path):
    work = ran(shop, "churn", tmp_path / "churn.html")

    weeks = shown(work, "How many, by week")
    assert [row[0] for row in weeks.rows] == [str(week) for week in range(2, 12)]
    last = dict(zip(weeks.columns, weeks.rows[-1], strict=True))
    assert (last["households"], last["stayed_away"]) == ("40", "8")
    assert len(shown(work, "By spending").rows) == 4
    first = shown(work, "The ten to call first")
    assert {row[first.columns.index("tier")] for row in first.rows} == {"High"}
    assert said(work)["high"] == 13
    assert [type(each) for each in below(work, "How sure it is")] == [Picture]


def test_recommendations_show_both_lists_by_name(shop: Lake, tmp_path: Path):
    work = ran(shop, "recommendations", tmp_path / "page.html", household="7")

    offers = shown(work, "What it would be offered")
    assert len(offers.rows) == 10
    assert offers.rows[0] == ("1", "Thing 1 1 Lb", "1", "Thing 200 1 Lb", "1")
    everything = shown(work, "Different products on all lists together")
    assert [row[:3] for row in everything.rows] == [("all", "40", "10"), ("new", "40", "10")]
    assert printed(work, "The champion").startswith("no model has been trained here yet")
    assert said(work) == {"household": 7, "offers": 20}


def test_quarantine_finds_four_broken_lines_and_mends_them(shop: Lake, tmp_path: Path):
    folder = tmp_path / "scratch"

    work = ran(shop, "quarantine", tmp_path / "page.html", folder=str(folder))

    rules = shown(work, "Which rules were broken")
    assert len(shown(work, "By which records").rows) == 4
    assert ("a line has an amount, not below zero", "2") in rules.rows
    assert len(shown(work, "What was kept").rows) == 2
    assert printed(work, "The whole account").startswith("11 landed = 7 kept + 4 quarantined")
    assert said(work) == {"rows": 5, "landed": 11, "quarantined": 4}
    assert not folder.exists()
    assert not shop.exists("ops.quarantine")


def test_slow_join_moves_less_after_it_was_mended(shop: Lake, tmp_path: Path):
    """On so few rows Spark would broadcast by itself: it is kept from it, as many rows would."""
    threshold = "spark.sql.autoBroadcastJoinThreshold"
    before = shop.spark.conf.get(threshold)
    shop.spark.conf.set(threshold, "-1")
    try:
        work = ran(shop, "slow_join", tmp_path / "page.html")
    finally:
        shop.spark.conf.set(threshold, before)

    slow, fast = printed(work, "The query, and its plan"), printed(work, "The small side")
    assert "SortMergeJoin LeftSemi" in slow
    assert "BroadcastHashJoin" not in slow
    assert "BroadcastHashJoin LeftSemi" in fast
    assert set(said(work)) == {"as written", "broadcast", "cached"}
    assert "the same in all three" in printed(work, "Row for row")


def test_training_compares_a_candidate_with_the_baselines(shop: Lake, tmp_path: Path):
    work = ran(shop, "training", tmp_path / "page.html", candidates="logistic_regression")

    compared = shown(work, "Candidates and baselines")
    assert {row[0] for row in compared.rows} == {"logistic_regression", "recency", "pace"}
    runs = shown(work, "The newest runs")
    assert runs.rows[0][0] == "logistic_regression"
    assert runs.rows[0][runs.columns.index("version.gold.household_weeks")] == "0"
    answers = shown(work, "The champion answers")
    assert all(0 <= float(row[answers.columns.index("chance")]) <= 1 for row in answers.rows)
    assert said(work)["champion"] == 1
