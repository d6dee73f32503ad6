"""Scores are added once for a champion and the data it is asked about."""

from __future__ import annotations

import shutil

import pytest
from tests.lakehouse.learn.small_model import MODEL, VISITS, land

from lakehouse.base.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.lake.write import Writer
from lakehouse.learn.score import score
from lakehouse.learn.train import Trained


def test_scores_are_added_once_with_the_model_and_data_they_came_from(
    scored: Lake, learnt: tuple[Lake, Trained]
) -> None:
    assert [score(scored, MODEL).rows for _ in range(2)] == [24, 0]
    rows = scored.read("gold.leaving_scores").orderBy("week", "shopper").collect()
    assert len(rows) == 24
    assert [row["chance"] > 0.5 for row in rows[:4]] == [False, False, True, True]
    assert {(row["model"], row["version"], row["feature_version"]) for row in rows} == {
        ("leaving", 1, 1)
    }
    assert {row["run"] for row in rows} == {learnt[1].champion.run}
    came_from = ["model", "version", "run", "feature_version", "scored_at"]
    assert scored.read("gold.leaving_scores").columns[-5:] == came_from


def test_a_feature_table_that_was_made_anew_is_scored_though_its_versions_restart(
    scored: Lake,
) -> None:
    assert score(scored, MODEL).rows == 24
    shutil.rmtree(scored.place.folder(VISITS.name))
    land(scored, range(1, 8), 0, away=0.5)

    again = score(scored, MODEL)
    assert (again.rows, again.feature_version) == (28, 1)  # the version that was scored before
    assert score(scored, MODEL).rows == 0
    assert scored.read("gold.leaving_scores").count() == 24 + 28


def test_a_kill_between_the_scores_and_their_account_leaves_both(
    scored: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(Writer, "account", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        score(scored, MODEL)
    assert [score(scored, MODEL).rows for _ in range(2)] == [0, 0]
    batches = scored.read("ops.batches").where("table = 'gold.leaving_scores'").collect()
    assert [(row["landed"], row["kept"]) for row in batches] == [(24, 24)]


def test_scoring_without_a_champion_says_how_to_get_one(filled: Lake) -> None:
    with pytest.raises(LakehouseError, match="lakehouse train leaving"):
        score(filled, MODEL)
