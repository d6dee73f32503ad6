"""How good chances of a yes are: figures, a calibration table and pictures of them.

All functions take `answers` (1 or 0) and `chances` (in [0, 1]) as arrays of the same length.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 10
"""Bins of equally many rows that calibration is looked at in."""


def metrics(answers: Floats, chances: Floats) -> dict[str, float]:
    """ROC-AUC, average precision, log loss, Brier score, calibration error and the yes share.

    What needs both a yes and a no is NaN where there is only one of them.
    """
    return {
        "roc_auc": roc_auc(answers, chances),
        "average_precision": average_precision(answers, chances),
        "log_loss": log_loss(answers, chances),
        "brier": float(np.mean((chances - answers) ** 2)),
        "calibration_error": calibration_error(answers, chances),
        "base_rate": float(np.mean(answers)),
    }


def roc_auc(answers: Floats, chances: Floats) -> float:
    """The chance that a yes is ranked above a no, ties counting half (Mann and Whitney, 1947)."""
    yes = answers.sum()
    no = len(answers) - yes
    if not yes or not no:
        return float("nan")
    _, place, counts = np.unique(chances, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[answers > 0].sum() - yes * (yes + 1) / 2) / (yes * no))


def average_precision(answers: Floats, chances: Floats) -> float:
    """The sum over thresholds of precision times the recall gained; no interpolation."""
    recall, precision, _ = precision_recall(answers, chances)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def log_loss(answers: Floats, chances: Floats) -> float:
    """The mean negative log likelihood, chances kept 1e-15 away from 0 and 1."""
    kept = np.clip(chances, 1e-15, 1 - 1e-15)
    return float(-np.mean(answers * np.log(kept) + (1 - answers) * np.log(1 - kept)))


def calibration(
    answers: Floats, chances: Floats, bins: int = BINS
) -> list[tuple[float, float, int]]:
    """(mean chance, share of yes, rows) in bins of equally many rows, from low chances to high."""
    order = np.argsort(chances, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [(float(chances[p].mean()), float(answers[p].mean()), len(p)) for p in parts]


def calibration_error(answers: Floats, chances: Floats, bins: int = BINS) -> float:
    """The mean distance of chance and share of yes over the bins (Naeini et al., 2015)."""
    rows = calibration(answers, chances, bins)
    return sum(abs(chance - share) * n for chance, share, n in rows) / len(answers)


def precision_recall(answers: Floats, chances: Floats) -> tuple[Floats, Floats, Floats]:
    """Recall, precision and threshold at each distinct chance, from the highest down."""
    if not answers.sum():
        return np.array([np.nan]), np.array([np.nan]), np.array([np.nan])
    hits, taken, thresholds = _cumulated(answers, chances)
    return hits / answers.sum(), hits / taken, thresholds


def report(answers: Floats, chances: Floats, at: float = 0.5) -> str:
    """Precision, recall and F1 of yes and no, where a chance of `at` or more is called a yes."""
    called = chances >= at
    lines = [f"{'':>10}{'precision':>12}{'recall':>12}{'f1':>12}{'rows':>12}"]
    for name, is_so, said in (("no", answers < 1, ~called), ("yes", answers > 0, called)):
        right = float((is_so & said).sum())
        precision = right / said.sum() if said.sum() else float("nan")
        recall = right / is_so.sum() if is_so.sum() else float("nan")
        f1 = 2 * right / (said.sum() + is_so.sum()) if said.sum() + is_so.sum() else float("nan")
        lines.append(f"{name:>10}{precision:>12.4f}{recall:>12.4f}{f1:>12.4f}{is_so.sum():>12,}")
    accuracy = float(np.mean((answers > 0) == called))
    lines.append(f"{'accuracy':>10}{accuracy:>36.4f}{len(answers):>12,}")
    return "\n".join(lines) + "\n"


def figures(answers: Floats, chances: Floats) -> dict[str, Figure]:
    """ROC, precision-recall and calibration as pictures, by file name."""
    hits, taken, _ = _cumulated(answers, chances)
    no = max(len(answers) - answers.sum(), 1)
    roc = _plot("ROC", "share of the others called a yes", "share of the yes found")
    roc.axes[0].plot(np.append(0, (taken - hits) / no), np.append(0, hits / max(hits[-1], 1)))
    roc.axes[0].plot([0, 1], [0, 1], linestyle=":", color="grey")
    recall, precision, _ = precision_recall(answers, chances)
    curve = _plot("Precision and recall", "recall", "precision")
    curve.axes[0].plot(recall, precision)
    curve.axes[0].axhline(answers.mean(), linestyle=":", color="grey")
    rows = calibration(answers, chances)
    match = _plot("Calibration", "mean chance", "share of yes")
    match.axes[0].plot([row[0] for row in rows], [row[1] for row in rows], marker="o")
    match.axes[0].plot([0, 1], [0, 1], linestyle=":", color="grey")
    return {"roc.png": roc, "precision_recall.png": curve, "calibration.png": match}


def bars(title: str, weights: Sequence[tuple[str, float]]) -> Figure:
    """Signed weights as horizontal bars, the first on top."""
    figure = _plot(title, "weight", "")
    axes = figure.axes[0]
    axes.set_xlim(auto=True)
    axes.set_ylim(auto=True)
    axes.barh([name for name, _ in weights][::-1], [weight for _, weight in weights][::-1])
    return figure


def calibration_csv(answers: Floats, chances: Floats) -> str:
    """The calibration table as CSV."""
    lines = [f"{c:.6f},{share:.6f},{n}" for c, share, n in calibration(answers, chances)]
    return "\n".join(["mean_chance,share_of_yes,rows", *lines]) + "\n"


def _cumulated(answers: Floats, chances: Floats) -> tuple[Floats, Floats, Floats]:
    """Yes found, rows taken and threshold at each distinct chance, from the highest down."""
    order = np.argsort(-chances, kind="stable")
    sorted_chances = chances[order]
    last = np.append(np.flatnonzero(np.diff(sorted_chances)), len(order) - 1)
    return np.cumsum(answers[order])[last], (last + 1).astype(float), sorted_chances[last]


def _plot(title: str, x: str, y: str) -> Figure:
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.add_subplot()
    axes.set(title=title, xlabel=x, ylabel=y, xlim=(0, 1), ylim=(0, 1.02))
    return figure
