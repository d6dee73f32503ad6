"""Small lakes, and a Spark that is quick over a few rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse.spark.interpreting import INTERPRETED

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.lake import Lake

FORGETFUL = {
    "spark.databricks.delta.delta.log.cacheSize": "16",
    "spark.sql.ui.retainedExecutions": "10",
    "spark.ui.retainedJobs": "50",
    "spark.ui.retainedStages": "50",
    "spark.ui.retainedTasks": "500",
    "spark.sql.streaming.ui.enabled": "false",
}
"""Delta holds the state of 10,000 tables for an hour, and Spark the plans of its last thousand
queries: hundreds of small lakes would fill the heap, and most of the time go to its collector."""


__all__ = ["FORGETFUL", "INTERPRETED", "make_lake"]


def make_lake(spark: SparkSession, root: Path, landing: Path, project: str = "tests") -> Lake:
    """A lake in a folder of its own, with an MLflow store beside its tables."""
    from lakehouse.base.settings import Settings
    from lakehouse.lake import Lake

    settings = Settings.model_validate(
        {
            "project": project,
            "data": str(root),
            "landing": str(landing),
            "lake": {"root": str(root)},
            "mlflow": {
                "tracking_uri": f"sqlite:///{root}/mlflow.db",
                "artifacts": str(root / "mlflow"),
            },
        }
    )
    return Lake(spark, settings)
