"""The model loop on a small model: fit, judge, register, promote, and not twice for nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import mlflow
import pytest
import yaml
from tests.lakehouse.learn.small_model import BAD, MODEL, VISITS, land

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.model import Gate
from lakehouse.lake import Lake
from lakehouse.learn.artifact import load_model
from lakehouse.learn.inputs import inputs
from lakehouse.learn.tracking import Tracking
from lakehouse.learn.train import Trained, fingerprint, train


def changed(lake: Lake, page: str, **values: object) -> Lake:
    """The same lake with other values on a page of its settings."""
    settings = lake.settings
    page_of = getattr(settings, page).model_copy(update=values)
    return Lake(lake.spark, settings.model_copy(update={page: page_of}))


def test_the_best_candidate_becomes_champion_with_all_that_it_came_from(
    learnt: tuple[Lake, Trained],
) -> None:
    lake, trained = learnt
    assert trained.metrics == {"bad": {"right": 0.5}, "good": {"right": 1.0}}
    tracking = Tracking(lake.settings)
    champion = tracking.champion("leaving")
    assert champion is not None
    assert champion == trained.champion == trained.version
    assert (champion.version, champion.tags["candidate"]) == (1, "good")
    run = tracking.client.get_run(champion.run)
    assert run.data.params == {
        "sign": "1",
        "train_before": "4",
        "test_from": "5",
        "split_by": "week",
    }
    assert run.data.metrics == {"right": 1.0, "baseline.nobody.right": 0.5}
    assert run.data.tags["version.gold.visits"] == "1"
    (data,) = run.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == ("gold.visits", "v1")
    signature = mlflow.models.get_model_info(champion.uri).signature
    assert signature.inputs.input_names() == ["away"]
    assert signature.outputs.input_names() == ["prediction"]


def test_requirements_are_pinned_to_what_is_installed(learnt: tuple[Lake, Trained]) -> None:
    lake, trained = learnt
    Tracking(lake.settings)
    folder = Path(mlflow.artifacts.download_artifacts(trained.champion.uri))
    pinned = {f"{name}=={version(name)}" for name in ("mlflow", "numpy", "pandas", "pyspark")}
    assert set((folder / "requirements.txt").read_text().split()) == pinned
    (pip,) = (
        each["pip"]
        for each in yaml.safe_load((folder / "conda.yaml").read_text())["dependencies"]
        if isinstance(each, dict)
    )
    assert set(pip) == pinned


def test_a_model_goes_through_the_lake_s_own_folder_spaces_and_all(
    learnt: tuple[Lake, Trained],
) -> None:
    lake, trained = learnt
    load_model(lake, Tracking(lake.settings), trained.champion)

    root = Path(lake.settings.lake.root)
    assert " " in root.name
    assert (root / "_scratch").is_dir()
    assert [each.name for each in root.parent.iterdir() if "%20" in each.name] == []


def test_what_the_champion_knows_is_not_trained_on_again(filled: Lake) -> None:
    train(filled, MODEL)
    again = train(filled, MODEL)
    assert (again.metrics, again.version) == ({}, None)
    assert again.why == (
        "version 1 was trained on this data with this code already (good: right 1.0000)"
    )
    land(filled, range(7, 9), 1)
    assert set(train(filled, MODEL).metrics) == {"good"}


def test_a_challenger_that_lost_is_not_trained_on_the_same_data_the_next_night(
    filled: Lake,
) -> None:
    train(filled, MODEL)
    land(filled, range(7, 9), 1)
    weaker = replace(MODEL, candidates=(BAD,))
    lost = train(filled, weaker)
    assert lost.why == "champion stays: right 1.0000 of version 1 beats 0.5000"
    assert lost.version is not None
    assert (lost.champion.version, lost.version.version) == (1, 2)

    next_night = train(filled, weaker)
    assert (next_night.metrics, next_night.version) == ({}, None)
    assert next_night.why == (
        f"version 2 was trained on this data with this code already ({lost.why})"
    )
    assert train(filled, weaker, again=True).metrics == {"bad": {"right": 0.5}}


def test_training_on_an_earlier_version_gives_the_same_model_and_a_tie_promotes_nothing(
    filled: Lake,
) -> None:
    tracking = Tracking(filled.settings)
    first = train(filled, MODEL).champion
    land(filled, range(1, 9), 1, away=0.3)
    then = train(filled, MODEL, at=1, again=True)
    now = train(filled, MODEL, again=True)
    assert then.version is not None and now.version is not None
    assert (then.version.version, then.champion) == (2, first)
    assert then.why == "champion stays: right 1.0000 of version 1 ties with 1.0000"
    assert tracking.champion("leaving") == first
    learnt = [
        load_model(filled, tracking, each).stages[-1] for each in (first, then.version, now.version)
    ]
    weights = [(each.coefficients[0], each.intercept) for each in learnt]
    assert weights[0] == weights[1]
    assert weights[2] != weights[0]


def test_a_table_that_was_made_anew_is_other_data_at_the_same_version(filled: Lake) -> None:
    before = inputs(filled, MODEL)
    assert inputs(filled, MODEL) == before
    remake(filled)
    after = inputs(filled, MODEL)
    assert [each.version for each in before] == [each.version for each in after] == [1]
    assert fingerprint(filled, MODEL, before) != fingerprint(filled, MODEL, after)


def remake(lake: Lake) -> None:
    """Drops the visits and lands others, until their table is at the same version again."""
    shutil.rmtree(lake.place.folder(VISITS.name))
    land(lake, range(1, 7), 0, away=0.5)


@pytest.mark.parametrize(
    ("gate", "miss"),
    [
        (Gate({"right": 0.9}), "right is 0.5000, wanted 0.9000"),
        (Gate(beats=("right",)), "right is 0.5000, nobody has 0.5000"),
    ],
)
def test_a_candidate_that_misses_the_gate_never_becomes_champion(
    filled: Lake, gate: Gate, miss: str
) -> None:
    with pytest.raises(LakehouseError, match=miss):
        train(filled, replace(MODEL, candidates=(BAD,), gate=gate))
    assert Tracking(filled.settings).champion("leaving") is None


def test_a_table_with_nothing_to_learn_from_is_refused(lake: Lake) -> None:
    lake.ensure(VISITS)
    with pytest.raises(LakehouseError, match="holds nothing to learn from"):
        train(lake, MODEL)


def test_a_registry_that_is_away_stops_a_training_before_anything_is_fitted(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    away = changed(filled, "mlflow", registry_uri="http://127.0.0.1:9")
    with pytest.raises(LakehouseError, match=r"http://127\.0\.0\.1:9: MLflow's registry cannot be"):
        train(away, MODEL)
    client = Tracking(filled.settings).client
    assert client.get_experiment_by_name("leaving") is None


def test_tuning_that_has_too_little_time_is_refused_before_anything_is_fitted(
    filled: Lake,
) -> None:
    from hyperopt import hp

    tuned = replace(BAD, name="tuned", space=lambda: {"sign": hp.choice("sign", [-1, 1])})
    late = replace(MODEL, candidates=(tuned,), eligible=lambda rows: rows.where("week >= 3"))
    with pytest.raises(LakehouseError, match="too little time before the test to tune on"):
        train(changed(filled, "train", trials=4), late)
    assert Tracking(filled.settings).client.get_experiment_by_name("leaving") is None


def test_tuning_tries_and_keeps_what_is_best_before_the_test(filled: Lake) -> None:
    from hyperopt import hp

    tuned = replace(BAD, name="tuned", space=lambda: {"sign": hp.choice("sign", [-1, 1])})
    tuning = changed(filled, "train", trials=4)
    land(filled, range(-6, 1), 1)  # earlier weeks, so that there is time to tune on
    trained = train(tuning, replace(MODEL, candidates=(tuned,)))
    assert trained.metrics == {"tuned": {"right": 1.0}}
    client = Tracking(tuning.settings).client
    runs = client.search_runs([client.get_experiment_by_name("leaving").experiment_id])
    trials = [run for run in runs if "trial" in run.data.tags]
    assert len(trials) == 4
    assert {run.data.metrics["right"] for run in trials} == {0.5, 1.0}
