"""The process that is killed: it works at a lake until it has done, or is struck.

It is started by `tests.faults.rounds`, in a group of its own, with what it is to do as JSON. It
says `begun` once its Spark is there, and at the end how long the work took and how often each named
step was reached.
"""

from __future__ import annotations

import json
import sys
from time import monotonic
from typing import Any
from unittest.mock import patch

from tests.faults.steps import STEPS, count_calls, strike_at
from tests.faults.ways import ANEW, TABLES

from lakehouse.base.settings import Settings, SparkSettings
from lakehouse.base.stopping import Halt
from lakehouse.flow.keep import Keeper
from lakehouse.flow.maintain import maintain
from lakehouse.flow.rebuild_table import rebuild_tables
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake, upkeep
from lakehouse.spark.session import make_session
from lakehouse.testing.lakes import INTERPRETED


def main(told: dict[str, Any]) -> None:
    kind, action, struck = told["kind"], told["action"], told["strike"]
    settings = Settings.model_validate(told["settings"])
    spark = make_session(
        SparkSettings(master="local[2]", heap=told["heap"], shuffle_partitions=2, conf=INTERPRETED),
        warehouse=f"{settings.data}/warehouse",
        log=f"{settings.data}/spark.log",
        quick=True,
    )
    counts = {} if struck else count_calls(STEPS[kind])
    if struck:
        strike_at(STEPS[kind][struck["step"]], struck["nth"])
    lake = Lake(spark, settings)
    begun = monotonic()
    print("begun", flush=True)
    work(lake, kind, action)
    seconds = monotonic() - begun
    print(json.dumps({"seconds": seconds, "counts": counts}), flush=True)
    spark.stop()


def work(lake: Lake, kind: str, action: str) -> None:
    """Brings tables up to date, keeps them so, makes those anew that were declared anew, or
    maintains them."""
    if action == "keep":
        Keeper(lake, TABLES[kind], Halt(), every=0.2).run()
    elif action == "rebuild":
        rebuild_tables(lake, ANEW)
    elif action == "maintain":
        with patch.multiple(upkeep, MANY=1, PAGES=1):  # a few files and pages are many here
            maintain(lake, TABLES[kind], {})
    else:
        refresh(lake, TABLES[kind])


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
