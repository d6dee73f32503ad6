"""The folder through which models move between Spark and MLflow.

Spark's executors write the parts of a model there and this process fetches them (and the other way
round to load one), so it must be a place that all of them see: beside the tables.
"""

from __future__ import annotations

import os
from uuid import uuid4

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


def new_folder(settings: Settings) -> str:
    """A folder in there that nobody has used yet."""
    return f"{scratch(settings)}/{uuid4().hex}"
