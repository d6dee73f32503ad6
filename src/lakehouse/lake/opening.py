"""Opening the lake of some settings through the session of this process."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from lakehouse.base.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.lake.lake import Lake

_starting = Lock()


def opened(
    settings: Settings, *, log: str = "spark", verbose: bool = False, quick: bool = False
) -> Lake:
    """The lake of these settings; the first call of a process starts Spark.

    `log` names the file below the data folder that Spark writes to (with `verbose` it writes to
    the terminal), `quick` compiles lightly (see `make_session`).
    """
    from lakehouse.lake.lake import Lake

    return Lake(_session(settings, log=log, verbose=verbose, quick=quick), settings)


def opened_when_needed(settings: Settings) -> Lake:
    """The lake of these settings; Spark starts once it is needed, which a run that finds nothing
    new does not."""
    from lakehouse.lake.lake import Lake

    return Lake(lambda: _session(settings), settings)


def _session(
    settings: Settings, *, log: str = "spark", verbose: bool = False, quick: bool = False
) -> SparkSession:
    from lakehouse.spark.s3 import on_s3
    from lakehouse.spark.session import make_session

    with _starting:  # tasks of one cluster are threads of one process
        data = settings.data_folder
        return make_session(
            settings.spark,
            app=settings.project,
            warehouse=data / "warehouse",
            log="" if verbose else data / "logs" / f"{log}.log",
            verbose=verbose,
            quick=quick,
            s3=on_s3(settings.lake.root, settings.landing, settings.mlflow.scratch),
        )
