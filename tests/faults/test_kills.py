"""The short form of `make faults`: a run is killed, then its recovery."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.faults.compare import Held, differences
from tests.faults.data import arrivals
from tests.faults.killing import Ended, run
from tests.faults.plan import Blow
from tests.faults.ways import TABLES, Way

from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FIRST = Blow("after the commit, before the account", 0.0, "refresh")
SECOND = Blow("after the quarantine, before the table", 0.0, "refresh", is_recovery=True)


@pytest.mark.slow
def test_a_lake_whose_run_and_its_recovery_were_killed_holds_the_same(
    spark: SparkSession, tmp_path: Path
) -> None:
    undisturbed, killed = (
        Way(tmp_path / name, tmp_path / name / "landing", "sales")
        for name in ("undisturbed", "killed")
    )
    for way in (undisturbed, killed):
        way.land(arrivals("7")[0])
    refresh(Lake(spark, undisturbed.settings), TABLES["files"])
    one, other = (Held(way.root, way.names()) for way in (undisturbed, killed))

    assert run(killed, "files", FIRST) == Ended(True, FIRST.step)
    assert other.rows("bronze.sales") and not other.rows("ops.batches")
    assert run(killed, "files", SECOND) == Ended(True, SECOND.step)
    assert other.rows("ops.quarantine") and not other.rows("gold.weeks")

    refresh(Lake(spark, killed.settings), TABLES["files"])
    assert differences(one, other, TABLES["files"], same_batches=True) == []
    assert len(other.rows("silver.sales")) > 5 and len(other.rows("ops.quarantine")) > 5
