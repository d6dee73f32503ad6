"""Metrics of chances, against numbers worked out by hand."""

from __future__ import annotations

import subprocess
import sys
import warnings
from io import BytesIO
from math import isnan, log

import numpy as np
import pytest

from lakehouse.learn import classification

ANSWERS = np.array([0.0, 0.0, 1.0, 1.0])
CHANCES = np.array([0.1, 0.4, 0.4, 0.8])


def test_metrics_are_what_a_hand_works_out() -> None:
    metrics = classification.metrics(ANSWERS, CHANCES)
    # Four pairs of a yes and a no: three in the right order and a tie, which counts half.
    assert metrics["roc_auc"] == pytest.approx(3.5 / 4)
    # From 0.8 down: half of the yes at precision 1, the other half at precision 2/3.
    assert metrics["average_precision"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert metrics["log_loss"] == pytest.approx(-(log(0.9) + log(0.6) + log(0.4) + log(0.8)) / 4)
    assert metrics["brier"] == pytest.approx((0.1**2 + 0.4**2 + 0.6**2 + 0.2**2) / 4)
    assert metrics["base_rate"] == 0.5


def test_calibration_is_looked_at_in_bins_of_equally_many_rows() -> None:
    table = classification.calibration(ANSWERS, CHANCES, bins=2)
    assert table == [(pytest.approx(0.25), 0.0, 2), (pytest.approx(0.6), 1.0, 2)]
    error = classification.calibration_error(ANSWERS, CHANCES, bins=2)
    assert error == pytest.approx((0.25 + 0.4) / 2)
    assert classification.calibration_csv(ANSWERS, CHANCES).splitlines()[:2] == [
        "mean_chance,share_of_yes,rows",
        "0.100000,0.000000,1",
    ]


@pytest.mark.parametrize(
    ("answer", "undefined"), [(0.0, {"roc_auc", "average_precision"}), (1.0, {"roc_auc"})]
)
def test_what_needs_both_answers_is_nan_where_there_is_one_and_nothing_is_warned_of(
    answer: float, undefined: set[str]
) -> None:
    answers = np.full(4, answer)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metrics = classification.metrics(answers, CHANCES)
        plots = classification.figures(answers, CHANCES)
        classification.report(answers, CHANCES)
    assert {name for name, value in metrics.items() if isnan(value)} == undefined
    for plot in plots.values():
        plot.savefig(BytesIO())


def test_the_report_calls_a_chance_of_the_threshold_a_yes() -> None:
    rows = [line.split() for line in classification.report(ANSWERS, CHANCES, at=0.4).splitlines()]
    by_name = {row[0]: row[1:] for row in rows if row}
    assert by_name["no"] == ["1.0000", "0.5000", "0.6667", "2"]
    assert by_name["yes"] == ["0.6667", "1.0000", "0.8000", "2"]


def test_the_plots_show_the_curves() -> None:
    plots = classification.figures(ANSWERS, CHANCES)
    (roc, _) = plots["roc.png"].axes[0].lines
    assert (roc.get_xdata()[0], roc.get_ydata()[0]) == (0, 0)
    assert (roc.get_xdata()[-1], roc.get_ydata()[-1]) == (1, 1)
    (curve, _) = plots["precision_recall.png"].axes[0].lines
    assert sorted(set(curve.get_xdata())) == [0, 0.5, 1]
    weights = classification.bars("weights", [("first", 0.9), ("second", -0.1)])
    assert [bar.get_width() for bar in weights.axes[0].patches] == [-0.1, 0.9]  # from below


def test_a_command_that_imports_a_project_does_not_wait_for_scikit_learn() -> None:
    code = (
        "import sys, lakehouse.learn.classification; "
        "print([name for name in ('sklearn', 'matplotlib') if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
