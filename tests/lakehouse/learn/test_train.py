"""The model loop on a model small enough to read: fit, judge, register, promote, score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.model import SCORED, Candidate, Frames, Gate, Model, Params, Report, Split
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Append
from lakehouse.lake import Batch, Lake
from lakehouse.lake.write import Writer
from lakehouse.learn.fitted import light
from lakehouse.learn.score import score
from lakehouse.learn.tracking import Tracking
from lakehouse.learn.train import train

VISITS = Table(
    name="gold.visits",
    schema="week INT, shopper INT, away DOUBLE, left INT",
    reads=(),
    write=Append(),
)


def fit(frames: Frames, split: Split, params: Params) -> PipelineModel:
    """A regression of `left` on `away`; the sign it is told to learn."""
    rows = split.train(frames[0]).withColumn("away", F.col("away") * params["sign"])
    vector = VectorAssembler(inputCols=["away"], outputCol="features")
    learner = LogisticRegression(labelCol="left", regParam=0.01)
    fitted = Pipeline(stages=[vector, learner]).fit(rows.orderBy("week", "shopper").coalesce(1))
    return PipelineModel([light(stage) for stage in fitted.stages])


def evaluate(fitted: PipelineModel, frames: Frames, split: Split) -> Report:
    """The share of test rows that are called right."""
    called = fitted.transform(split.test(frames[0]))
    right = called.agg(F.avg(F.expr("CAST(prediction = left AS INT)"))).collect()[0][0]
    return Report(metrics={"right": right}, drivers=[("away", fitted.stages[-1].coefficients[0])])


def chances(fitted: PipelineModel, frames: Frames) -> DataFrame:
    return fitted.transform(frames[0]).select(
        "week", "shopper", vector_to_array("probability")[1].alias("chance")
    )


def example(frames: Frames) -> DataFrame:
    return frames[0].select("away").orderBy("away").limit(2)


GOOD = Candidate(name="good", fit=fit, params={"sign": 1})
BAD = Candidate(name="bad", fit=fit, params={"sign": -1})

MODEL = Model(
    name="leaving",
    reads=(VISITS,),
    split=Split(by="week", train_before=4, test_from=5),
    eligible=lambda rows: rows.where("left IS NOT NULL"),
    candidates=(GOOD,),
    evaluate=evaluate,
    choose_by="right",
    scores=Table(
        "gold.leaving_scores", schema=f"week INT, shopper INT, chance DOUBLE, {SCORED}", reads=()
    ),
    score=chances,
    example=example,
    baselines=lambda frames, split: {"nobody": {"right": 0.5}},
)


def land(lake: Lake, weeks: range, batch: int, away: float = 0.0) -> None:
    """Four shoppers a week: those who were away long have left."""
    rows = [
        (week, shopper, shopper + away, int(shopper > 2))
        for week in weeks
        for shopper in (1, 2, 3, 4)
    ]
    lake.ensure(VISITS)
    made = lake.spark.createDataFrame(rows, VISITS.struct)
    Writer(lake, Batch(VISITS.name, "test", batch)).append(made, VISITS.name)


@pytest.fixture
def filled(lake: Lake) -> Lake:
    """A lake with six weeks of visits, in version 1 of their table."""
    land(lake, range(1, 7), 0)
    return lake


def test_the_best_candidate_becomes_champion_with_all_that_it_came_from(filled: Lake) -> None:
    trained = train(filled, replace(MODEL, candidates=(BAD, GOOD)))
    assert trained.metrics == {"bad": {"right": 0.5}, "good": {"right": 1.0}}
    tracking = Tracking(filled.settings)
    champion = tracking.champion("leaving")
    assert champion is not None
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


def test_a_model_goes_through_the_lake_s_own_folder_spaces_and_all(filled: Lake) -> None:
    champion = train(filled, MODEL).champion
    Tracking(filled.settings).load(champion)

    root = Path(filled.settings.data)
    assert " " in root.name
    assert (root / "tmp").is_dir()
    assert [each.name for each in root.parent.iterdir() if "%20" in each.name] == []


def test_what_the_champion_knows_is_not_trained_on_again(filled: Lake) -> None:
    train(filled, MODEL)
    again = train(filled, MODEL)
    assert again.metrics == {}
    assert "trained on this data" in again.why
    land(filled, range(7, 9), 1)
    assert set(train(filled, MODEL).metrics) == {"good"}


def test_training_on_an_earlier_version_gives_the_same_model(filled: Lake) -> None:
    tracking = Tracking(filled.settings)
    first = train(filled, MODEL).champion
    land(filled, range(1, 9), 1, away=0.3)
    then = train(filled, MODEL, at=1, again=True).champion
    now = train(filled, MODEL, again=True).champion
    assert then.version == 2
    learnt = [
        [tracking.load(each).stages[-1].coefficients[0], tracking.load(each).stages[-1].intercept]
        for each in (first, then)
    ]
    assert learnt[0] == learnt[1]
    assert tracking.load(now).stages[-1].intercept != learnt[0][1]


def test_a_weaker_challenger_is_not_promoted(filled: Lake) -> None:
    train(filled, MODEL)
    weaker = train(filled, replace(MODEL, candidates=(BAD,)), again=True)
    assert weaker.champion.version == 1
    assert "champion stays: right 1.0000 beats 0.5000" in weaker.why


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        (Gate({"right": 0.9}), "right is 0.5000, wanted 0.9000"),
        (Gate(beats=("right",)), "right is 0.5000, nobody has 0.5000"),
    ],
)
def test_a_candidate_that_misses_the_gate_never_becomes_champion(
    filled: Lake, gate: Gate, said: str
) -> None:
    with pytest.raises(LakehouseError, match=said):
        train(filled, replace(MODEL, candidates=(BAD,), gate=gate))
    assert Tracking(filled.settings).champion("leaving") is None


def test_a_table_with_nothing_to_learn_from_is_refused(lake: Lake) -> None:
    lake.ensure(VISITS)
    with pytest.raises(LakehouseError, match="holds nothing to learn from"):
        train(lake, MODEL)


def test_tuning_tries_and_keeps_what_is_best_before_the_test(filled: Lake) -> None:
    from hyperopt import hp

    tuned = replace(BAD, name="tuned", space=lambda: {"sign": hp.choice("sign", [-1, 1])})
    train_settings = filled.settings.train.model_copy(update={"trials": 4})
    settings = filled.settings.model_copy(update={"train": train_settings})
    land(filled, range(-6, 1), 1)  # earlier weeks, so that there is time to tune on
    found = train(Lake(filled.spark, settings), replace(MODEL, candidates=(tuned,)))
    assert found.metrics == {"tuned": {"right": 1.0}}
    client = Tracking(settings).client
    runs = client.search_runs([client.get_experiment_by_name("leaving").experiment_id])
    trials = [run for run in runs if "trial" in run.data.tags]
    assert len(trials) == 4
    assert {run.data.metrics["right"] for run in trials} == {0.5, 1.0}


def test_scores_are_added_once_with_the_model_and_data_they_came_from(filled: Lake) -> None:
    trained = train(filled, MODEL)
    assert [score(filled, MODEL).rows for _ in range(2)] == [24, 0]
    rows = filled.read("gold.leaving_scores").orderBy("week", "shopper").collect()
    assert len(rows) == 24
    assert [row["chance"] > 0.5 for row in rows[:4]] == [False, False, True, True]
    assert {(row["model"], row["version"], row["feature_version"]) for row in rows} == {
        ("leaving", 1, 1)
    }
    assert {row["run"] for row in rows} == {trained.champion.run}


def test_scoring_without_a_champion_says_how_to_get_one(filled: Lake) -> None:
    with pytest.raises(LakehouseError, match="lakehouse train leaving"):
        score(filled, MODEL)
