"""The bundle's own job on the first weeks of the real year: landed files to scores, twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.checkout import ROOT

from lakehouse.lake.account import INFLOW, OUTFLOW
from lakehouse.lake.glance import Logs
from lakehouse.lake.place import Place

UNTIL = "2017-03-31"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("a lake with spaces")


def lakehouse(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line as a person would, on a lake of its own."""
    places = {
        "LAKEHOUSE_DATA": str(home / "data"),
        "LAKEHOUSE_LANDING": str(home / "landing"),
        "LAKEHOUSE_LAKE__ROOT": str(home / "lake"),
        "LAKEHOUSE_SPARK__HEAP": "3g",
        "LAKEHOUSE_MLFLOW__TRACKING_URI": f"sqlite:///{home}/mlflow.db",
        "LAKEHOUSE_MLFLOW__ARTIFACTS": str(home / "mlflow"),
    }
    return subprocess.run(
        [sys.executable, "-m", "lakehouse", *words],
        cwd=ROOT,
        env={**os.environ, **places},
        capture_output=True,
        text=True,
        timeout=850,
        check=False,
    )


def rows(home: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a table, read as the command line shows them: without Spark."""
    sample = Logs(Place(str(home / "lake"), str(home / "landing"))).sample(name, limit=None)
    return [dict(zip(sample.columns, row, strict=True)) for row in sample.rows]


@pytest.fixture(scope="module")
def first(home: Path) -> subprocess.CompletedProcess[str]:
    return lakehouse(home, "run", "--until", UNTIL)


@pytest.mark.slow
def test_the_job_ends_well_and_sums_up_what_it_did(
    first: subprocess.CompletedProcess[str],
) -> None:
    assert first.returncode == 0, first.stderr[-4000:]
    said = first.stdout + first.stderr
    assert "Traceback" not in said
    for word in ("gold.churn_scores", "gold.recommendations", "a sold line has a quantity"):
        assert word in said


@pytest.mark.slow
def test_every_batch_adds_up_and_real_faults_are_set_aside(
    home: Path, first: subprocess.CompletedProcess[str]
) -> None:
    batches = rows(home, "ops.batches")
    assert len(batches) >= 20
    for row in batches:
        came, went = (sum(row[name] for name in each) for each in (INFLOW, OUTFLOW))
        assert came == went
    lines = next(row for row in batches if row["table"] == "silver.basket_lines")
    landed = sum(
        len(page.read_text().splitlines()) for page in (home / "landing" / "baskets").iterdir()
    )
    assert lines["landed"] == landed
    assert lines["rules"] == {"a sold line has a quantity": lines["quarantined"]}
    assert lines["quarantined"] > 0
    assert len(rows(home, "silver.basket_lines")) == lines["kept"]
    assert len(rows(home, "ops.quarantine")) == sum(row["quarantined"] for row in batches)


@pytest.mark.slow
def test_every_household_is_scored_with_what_it_came_from(
    home: Path, first: subprocess.CompletedProcess[str]
) -> None:
    scores = rows(home, "gold.churn_scores")
    assert len(scores) == len({row["household_id"] for row in scores}) > 1000
    assert None not in {row["run"] for row in scores}
    chances = [row["probability"] for row in scores]
    assert 0 <= min(chances) < max(chances) <= 1


@pytest.mark.slow
def test_a_second_run_changes_no_table(home: Path, first: subprocess.CompletedProcess[str]) -> None:
    logs = sorted((home / "lake").glob("*/*/_delta_log/*.json"))
    assert len(logs) > 40
    again = lakehouse(home, "run", "--until", UNTIL)
    assert again.returncode == 0, again.stderr[-4000:]
    assert sorted((home / "lake").glob("*/*/_delta_log/*.json")) == logs
