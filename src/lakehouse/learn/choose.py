"""Which candidate is the best one, and whether it becomes champion: rules, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.model import Metrics, Model, Split, finite


@dataclass(frozen=True)
class Champion:
    """The version that is to be replaced. `judge` gives its metrics on the test rows."""

    version: int
    judge: Callable[[], Metrics]


@dataclass(frozen=True)
class Choice:
    """The best candidate, and why it is promoted or not."""

    best: str
    promoted: bool
    why: str


def choose(
    model: Model,
    split: Split,
    metrics: Mapping[str, Metrics],
    baselines: Mapping[str, Metrics],
    champion: Champion | None,
) -> Choice:
    """The best of the candidates in `metrics`, and whether it replaces the champion.

    1. The best has the highest finite `choose_by`; of equals, the first declared.
    2. It must pass the gate: the declared one, or, while the data is too short for the declared
       split, the model's `early_gate` if it has one.
    3. It must be truly better than the champion, which is only judged now, on the same rows. A tie
       is no better, and where the champion cannot be judged nothing is.

    Raises LakehouseError where no candidate has a finite value, and where the gate is missed and
    there is no champion that could stay.
    """
    best = _best(model, metrics)
    early = split != model.split
    gate = model.early_gate if early and model.early_gate else model.gate
    misses = "; ".join(gate.misses(metrics[best], baselines))
    if misses and champion is None:
        raise LakehouseError(
            f"no candidate passes the gate: {misses}",
            f"model {model.name}",
            "look at the runs in MLflow, or lower the gate where the model is declared",
        )
    if misses:
        return Choice(best, False, f"champion stays: {misses}")
    reached = finite(metrics[best], model.choose_by)
    if champion:
        current = finite(champion.judge(), model.choose_by)
        if against := _no_better(model.choose_by, champion.version, current, reached):
            return Choice(best, False, f"champion stays: {against}")
    why = f"{best}: {model.choose_by} {reached:.4f}"
    if early:
        why += f", on a shorter time than declared (test from {split.by} {split.test_from})"
        if later := model.gate.misses(metrics[best], baselines):
            why += f", not reached yet: {'; '.join(later)}"
    return Choice(best, True, why)


def _best(model: Model, metrics: Mapping[str, Metrics]) -> str:
    reached = {name: finite(each, model.choose_by) for name, each in metrics.items()}
    judged = [name for name, value in reached.items() if not isnan(value)]
    if not judged:
        raise LakehouseError(
            f"no candidate has a finite {model.choose_by}: {', '.join(metrics) or 'there is none'}",
            f"model {model.name}",
            "look at the runs in MLflow: does the test time hold rows of every class?",
        )
    return max(judged, key=lambda name: reached[name])


def _no_better(metric: str, version: int, champion: float, challenger: float) -> str:
    """Why a challenger does not replace `version`; empty where it does."""
    if isnan(champion):
        return (
            f"{metric} of version {version} is no finite number on these rows, so nothing can be "
            "compared with it; take its alias away in MLflow to let the next one in"
        )
    if challenger > champion:
        return ""
    relation = "ties with" if challenger == champion else "beats"
    return f"{metric} {champion:.4f} of version {version} {relation} {challenger:.4f}"
