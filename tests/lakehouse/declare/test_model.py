"""Splits by time, and the gate a candidate must pass."""

from __future__ import annotations

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.model import Gate, Metrics, Split, finite

INFINITE = float("inf")
SPLIT = Split("week", train_before=38, test_from=42)


def test_a_split_that_the_data_reaches_is_kept() -> None:
    assert SPLIT.within(1, 49) == SPLIT


def test_a_shorter_time_is_split_at_its_last_fifth_with_the_same_gap() -> None:
    assert SPLIT.within(1, 30) == Split("week", train_before=21, test_from=25)


def test_too_short_a_time_is_refused() -> None:
    with pytest.raises(LakehouseError, match="too little time"):
        SPLIT.within(1, 5)


def test_tuning_never_sees_the_test_time() -> None:
    inner = SPLIT.tuning(first=1)
    assert inner == Split("week", train_before=27, test_from=31)
    assert inner.test_from < SPLIT.train_before


@pytest.mark.parametrize("first", [-60, 1, 19, 27, 30, 31, 32, 33, 36, 37])
def test_tuning_keeps_the_gap_so_that_no_label_leaks_into_it(first: int) -> None:
    try:
        inner = SPLIT.tuning(first)
    except LakehouseError:
        assert first > SPLIT.train_before - SPLIT.gap - 2  # there is no room for the gap at all
    else:
        assert inner.gap == SPLIT.gap
        assert first < inner.train_before
        assert inner.test_from < SPLIT.train_before


def test_too_short_a_time_for_tuning_is_refused() -> None:
    with pytest.raises(LakehouseError, match=r"too little time .* to tune on") as refused:
        Split("week", 8, 12).tuning(5)
    assert "train.trials to 0" in str(refused.value)


def test_training_and_test_rows_do_not_meet(spark) -> None:  # type: ignore[no-untyped-def]
    rows = spark.range(30, 50).withColumnRenamed("id", "week")
    assert [row.week for row in SPLIT.train(rows).collect()] == list(range(30, 38))
    assert [row.week for row in SPLIT.test(rows).collect()] == list(range(42, 50))


def test_the_gate_names_what_is_missed() -> None:
    gate = Gate({"auc": 0.8, "ap": 0.5})
    assert gate.misses({"auc": 0.9, "ap": 0.6}, {}) == []
    assert gate.misses({"auc": 0.7, "ap": 0.6}, {}) == ["auc is 0.7000, wanted 0.8000"]


def test_the_gate_names_the_baselines_that_are_not_beaten() -> None:
    gate = Gate(beats=("all", "new"))
    baselines = {"popular": {"all": 0.3, "new": 0.06}, "own": {"all": 0.4}}
    assert gate.misses({"all": 0.5, "new": 0.07}, baselines) == []
    assert gate.misses({"all": 0.4, "new": 0.05}, baselines) == [
        "all is 0.4000, own has 0.4000",
        "new is 0.0500, popular has 0.0600",
    ]


@pytest.mark.parametrize("metrics", [{}, {"auc": None}, {"auc": float("nan")}, {"auc": INFINITE}])
def test_a_metric_that_is_missing_or_no_finite_number_does_not_pass(metrics: Metrics) -> None:
    assert Gate({"auc": 0.8}).misses(metrics, {}) == ["auc is nan, wanted 0.8000"]
    assert Gate(beats=("auc",)).misses(metrics, {"popular": {"auc": 0.5}}) == [
        "auc is nan, popular has 0.5000"
    ]


def test_a_baseline_that_cannot_be_computed_is_not_beaten() -> None:
    baselines: dict[str, Metrics] = {"popular": {"auc": float("nan")}, "own": {"auc": None}}
    assert Gate(beats=("auc",)).misses({"auc": 0.9}, baselines) == [
        "auc is 0.9000, popular has nan",
        "auc is 0.9000, own has nan",
    ]


@pytest.mark.parametrize(
    ("metrics", "number"),
    [({"auc": 0.8}, 0.8), ({"auc": 1}, 1.0), ({"auc": 0.0}, 0.0), ({"auc": -0.2}, -0.2)],
)
def test_a_metric_is_read_as_a_finite_number(metrics: Metrics, number: float) -> None:
    assert finite(metrics, "auc") == number
