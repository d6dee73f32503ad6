"""Which versions of tables models name, and that they are known by rows, not by upkeep."""

from __future__ import annotations

from pathlib import Path

from tests.lakehouse.learn.small_model import MODEL, VISITS

from lakehouse.lake import Lake
from lakehouse.learn.inputs import inputs
from lakehouse.learn.named import named_versions
from lakehouse.learn.train import Trained


def test_what_a_registered_model_was_trained_on_is_named(learnt: tuple[Lake, Trained]) -> None:
    assert named_versions(learnt[0], [MODEL]) == {"gold.visits": {1}}


def test_of_a_table_that_was_made_anew_nothing_is_named(
    learnt: tuple[Lake, Trained], tmp_path: Path
) -> None:
    lake, _ = learnt
    place = lake.settings.lake.model_copy(update={"root": str(tmp_path)})
    anew = Lake(lake.spark, lake.settings.model_copy(update={"lake": place}))
    assert named_versions(anew, [MODEL]) == {}
    anew.ensure(VISITS)
    assert named_versions(anew, [MODEL]) == {}


def test_a_commit_that_changes_no_row_is_no_other_data(scored: Lake) -> None:
    before = inputs(scored, MODEL)
    scored.tell("gold.visits", {"delta.checkpointInterval": "20"})
    assert scored.version("gold.visits") == 2
    assert inputs(scored, MODEL) == before
