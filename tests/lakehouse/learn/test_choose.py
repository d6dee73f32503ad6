"""Who becomes champion: rules on numbers, without Spark and MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.model import Gate, Metrics, Model, Split
from lakehouse.declare.table import Table
from lakehouse.learn.choose import Champion, Choice, choose

NAN, INFINITE = float("nan"), float("inf")
SPLIT = Split("week", train_before=38, test_from=42)
EARLY = Split("week", train_before=4, test_from=8)
VISITS = Table("gold.visits", schema="week INT", reads=())
UNUSED = cast(Any, None)

MODEL = Model(
    name="leaving",
    reads=(VISITS,),
    split=SPLIT,
    eligible=UNUSED,
    candidates=(),
    evaluate=UNUSED,
    choose_by="auc",
    scores=VISITS,
    score=UNUSED,
    example=UNUSED,
    gate=Gate({"auc": 0.7}, beats=("auc",)),
)
BASELINES: Mapping[str, Metrics] = {"recency": {"auc": 0.75}}


def chosen(
    metrics: Mapping[str, Metrics],
    champion: float | None = None,
    split: Split = SPLIT,
    model: Model = MODEL,
) -> Choice:
    """What is chosen where version 3 is the champion and has this value on the same rows."""
    current = Champion(3, lambda: {"auc": champion}) if champion is not None else None
    return choose(model, split, metrics, BASELINES, current)


def test_the_highest_value_wins_and_of_equals_the_first_declared() -> None:
    metrics = {"line": {"auc": 0.8}, "trees": {"auc": 0.9}, "forest": {"auc": 0.9}}
    assert chosen(metrics) == Choice("trees", True, "trees: auc 0.9000")


@pytest.mark.parametrize("value", [NAN, None, INFINITE, -INFINITE])
def test_a_candidate_without_a_finite_value_never_wins_wherever_it_stands(
    value: float | None,
) -> None:
    broken: Metrics = {"auc": value}
    good: Metrics = {"auc": 0.8}
    for metrics in ({"a": broken, "b": good}, {"b": good, "a": broken}, {"b": good, "a": {}}):
        assert chosen(metrics).best == "b"


@pytest.mark.parametrize("split", [SPLIT, EARLY])
@pytest.mark.parametrize("champion", [None, 0.1])
def test_nothing_is_chosen_where_no_candidate_has_a_finite_value(
    split: Split, champion: float | None
) -> None:
    metrics: Mapping[str, Metrics] = {"line": {"auc": NAN}, "trees": {"auc": None}}
    open_gate = replace(MODEL, gate=Gate())
    with pytest.raises(LakehouseError, match="no candidate has a finite auc: line, trees"):
        chosen(metrics, champion, split, open_gate)


def test_a_tie_promotes_nothing() -> None:
    choice = chosen({"line": {"auc": 0.8}}, champion=0.8)
    why = "champion stays: auc 0.8000 of version 3 ties with 0.8000"
    assert choice == Choice("line", False, why)


def test_a_weaker_challenger_is_not_promoted() -> None:
    choice = chosen({"line": {"auc": 0.8}}, champion=0.9)
    assert choice == Choice("line", False, "champion stays: auc 0.9000 of version 3 beats 0.8000")


def test_a_stronger_challenger_is_promoted() -> None:
    assert chosen({"line": {"auc": 0.8}}, champion=0.7999).promoted


@pytest.mark.parametrize("value", [NAN, INFINITE])
def test_a_champion_that_cannot_be_judged_stays_with_a_way_out(value: float) -> None:
    choice = chosen({"line": {"auc": 0.8}}, champion=value)
    assert not choice.promoted
    assert "no finite number on these rows" in choice.why
    assert "take its alias away" in choice.why


def test_a_champion_that_cannot_be_loaded_stops_the_choice() -> None:
    def away() -> Metrics:
        raise LakehouseError("MLflow cannot be used")

    with pytest.raises(LakehouseError, match="cannot be used"):
        choose(MODEL, SPLIT, {"line": {"auc": 0.8}}, BASELINES, Champion(3, away))


def test_the_champion_is_not_judged_where_the_gate_is_missed() -> None:
    def judged() -> Metrics:
        raise AssertionError("judging takes minutes")

    choice = choose(MODEL, SPLIT, {"line": {"auc": 0.6}}, BASELINES, Champion(3, judged))
    assert not choice.promoted
    assert choice.why == (
        "champion stays: auc is 0.6000, wanted 0.7000; auc is 0.6000, recency has 0.7500"
    )


@pytest.mark.parametrize("split", [SPLIT, EARLY])
def test_a_shorter_time_than_declared_does_not_open_the_gate(split: Split) -> None:
    with pytest.raises(LakehouseError, match=r"passes the gate: auc is .*, recency has"):
        chosen({"line": {"auc": 0.71}}, split=split)
    assert not chosen({"line": {"auc": 0.71}}, champion=0.1, split=split).promoted


def test_on_a_shorter_time_a_declared_early_gate_counts_and_what_it_spares_is_named() -> None:
    model = replace(MODEL, early_gate=Gate({"auc": 0.7}))
    choice = chosen({"line": {"auc": 0.71}}, split=EARLY, model=model)
    assert choice.promoted
    assert choice.why == (
        "line: auc 0.7100, on a shorter time than declared (test from week 8), "
        "not reached yet: auc is 0.7100, recency has 0.7500"
    )
    with pytest.raises(LakehouseError, match=r"auc is .*, wanted"):
        chosen({"line": {"auc": 0.6}}, split=EARLY, model=model)
    with pytest.raises(LakehouseError, match="recency has"):
        chosen({"line": {"auc": 0.71}}, split=SPLIT, model=model)  # the time is there now
