"""The short form of `make faults`: one landing, a kill, a kill during the recovery from it."""

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
from lakehouse.lake.lock import lock

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FIRST = Blow("after the commit, before the account", 0.0, "refresh")
SECOND = Blow("data files written, before the commit", 0.0, "refresh", is_recovery=True)


@pytest.mark.slow
def test_a_lake_whose_run_and_its_recovery_were_killed_holds_the_same(
    spark: SparkSession, tmp_path: Path
) -> None:
    undisturbed, killed = (
        Way(tmp_path / name, tmp_path / name / "landing", "sales")
        for name in ("undisturbed", "killed")
    )
    arrival = arrivals("7")[0]
    for way in (undisturbed, killed):
        way.land(arrival)
    refresh(Lake(spark, undisturbed.settings), TABLES["files"])
    ended = [run(killed, "files", blow) for blow in (FIRST, SECOND)]
    assert ended == [Ended(True, FIRST.step), Ended(True, SECOND.step)]

    lake = Lake(spark, killed.settings)
    assert not lake.exists("ops.batches") or not Held(killed.root).rows("ops.batches")
    with lock(lake, "bronze.sales"):
        pass  # which the system took from the process that was killed
    refresh(lake, TABLES["files"])
    one, other = (Held(way.root, way.names()) for way in (undisturbed, killed))
    assert differences(one, other, TABLES["files"]) == []
    assert len(other.rows("silver.sales")) > 5 and len(other.rows("ops.quarantine")) > 5
