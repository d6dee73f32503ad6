"""The folder through which MLflow moves Spark models, and the file system that it is in.

Spark's executors write the parts of a model there and MLflow's driver fetches them (and the other
way round to load one), so it must be a place that all of them see: beside the tables.
"""

from __future__ import annotations

import os

from mlflow.spark import _HadoopFileSystem
from pyspark import SparkContext

from lakehouse.base.settings import Settings

FOLDER = "_scratch"


def scratch(settings: Settings) -> str:
    """The setting `mlflow.scratch`, else MLFLOW_DFS_TMP, else a folder beside the tables.

    A path without a scheme (a local folder, a volume of Databricks, HDFS where that is Hadoop's
    default) stays without one: it means what it means for the tables.
    """
    return (
        settings.mlflow.scratch
        or os.environ.get("MLFLOW_DFS_TMP", "")
        or f"{settings.lake.root}/{FOLDER}"
    )


def use_file_system_of(folder: str) -> None:
    """Has MLflow copy models through the file system of `folder`.

    MLflow 3 always takes Hadoop's default one, which refuses a path of another ("Wrong FS"): for
    tables on s3a:// that is the driver's own disk. On Databricks, where paths have no scheme,
    MLflow copies through the mounted volume instead.
    """
    context = SparkContext._active_spark_context
    if "://" not in folder or context is None:
        _HadoopFileSystem._filesystem = None
        return
    path = context._jvm.org.apache.hadoop.fs.Path(folder)  # type: ignore[union-attr]
    _HadoopFileSystem._filesystem = path.getFileSystem(context._jsc.hadoopConfiguration())
