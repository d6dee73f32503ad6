"""How good chances of a yes are: metrics, a calibration table and plots of them.

All functions take `answers` (1 or 0) and `chances` (in [0, 1]) as arrays of the same length. The
metrics are scikit-learn's; what it lacks, calibration in bins of equally many rows, is here. It and
matplotlib are imported when they are used: every command imports the pages of a project.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

BINS = 10
"""Bins of equally many rows for calibration."""


def metrics(answers: Floats, chances: Floats) -> dict[str, float]:
    """ROC-AUC, average precision, log loss, Brier score, calibration error and the yes share.

    ROC-AUC is NaN where there is only a yes or only a no, average precision where there is no yes.
    """
    from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

    yes, no = _classes(answers)
    nan = float("nan")
    return {
        "roc_auc": float(roc_auc_score(answers, chances)) if yes and no else nan,
        "average_precision": float(average_precision_score(answers, chances)) if yes else nan,
        "log_loss": float(log_loss(answers, chances, labels=[0, 1])),
        "brier": float(brier_score_loss(answers, chances, pos_label=1)),
        "calibration_error": calibration_error(answers, chances),
        "base_rate": float(np.mean(answers)),
    }


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


def report(answers: Floats, chances: Floats, at: float = 0.5) -> str:
    """Precision, recall and F1 of yes and no, where a chance of `at` or more is called a yes."""
    from sklearn.metrics import classification_report

    text = classification_report(
        answers > 0,
        chances >= at,
        labels=[False, True],
        target_names=["no", "yes"],
        digits=4,
        zero_division=np.nan,
    )
    return str(text)


def figures(answers: Floats, chances: Floats) -> dict[str, Figure]:
    """ROC, precision-recall and calibration as plots, by file name.

    Without a yes there is no line of the first two, without a no none of the first.
    """
    from sklearn.metrics import precision_recall_curve, roc_curve

    yes, no = _classes(answers)
    roc = _plot("ROC", "share of the others called a yes", "share of the yes found")
    if yes and no:
        wrong, right, _ = roc_curve(answers, chances)
        roc.axes[0].plot(wrong, right)
    roc.axes[0].plot([0, 1], [0, 1], linestyle=":", color="grey")
    curve = _plot("Precision and recall", "recall", "precision")
    if yes:
        precision, recall, _ = precision_recall_curve(answers, chances)
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


def _classes(answers: Floats) -> tuple[bool, bool]:
    """Whether there is a yes, and whether there is a no."""
    return bool((answers > 0).any()), bool((answers < 1).any())


def _plot(title: str, x: str, y: str) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.add_subplot()
    axes.set(title=title, xlabel=x, ylabel=y, xlim=(0, 1), ylim=(0, 1.02))
    return figure
