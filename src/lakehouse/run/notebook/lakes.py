"""The lake of a notebook, by the same call here and on Databricks."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import LakeSettings, Settings, load

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.lake import Lake

WIDGETS = {
    "target": "Target: whose settings",
    "conf": "Folder of the settings",
    "catalog": "Catalog",
    "root": "Folder of checkpoints",
    "landing": "Folder where files arrive",
}
"""Widgets that say where the lake is; the jobs of the bundle have parameters of these names."""


def open_lake(spark: SparkSession, dbutils: Any) -> Lake:
    """Return the lake that this notebook works on.

    On Databricks its widgets, which this call makes, say where it is; from then on tables that are
    named without a catalog are those of its catalog. On this machine it is the lake that the
    command line, or the run of the bundle, works on.

    Args:
        spark: The session of the notebook.
        dbutils: The `dbutils` of the notebook.

    Returns:
        The lake: `lake.read(name)` gives a table as a DataFrame.

    Raises:
        LakehouseError: The settings that the widgets name are not there, or wrong.
    """
    from lakehouse.lake import Lake

    for name, label in WIDGETS.items():
        dbutils.widgets.text(name, "", label)
    lake = Lake(spark, _settings(dbutils.widgets.getAll()))
    if lake.place.catalog:
        spark.sql(f"USE CATALOG `{lake.place.catalog}`")
    return lake


def scratch_lake(lake: Lake, folder: str = "") -> Lake:
    """Return an empty lake of the same project, to try something in; `lake` is not touched.

    Args:
        lake: The lake whose session and settings it shares.
        folder: Where its tables and its landing zone are made: a folder that is new or empty. On
            Databricks one of a volume; here a temporary one where none is named.

    Returns:
        The empty lake.

    Raises:
        LakehouseError: The folder is not empty, or none is named on Databricks.
    """
    from lakehouse.lake import Lake

    if not folder and lake.place.catalog:
        what, todo = "a lake to try things in needs a folder", "name one of a volume, /Volumes/..."
        raise LakehouseError(what, "scratch_lake", todo)
    home = Path(folder) if folder else Path(tempfile.mkdtemp(prefix="lakehouse-"))
    if home.is_dir() and any(home.iterdir()):
        raise LakehouseError("the folder is not empty", str(home), "name one that is new")
    own = {
        "data": str(home / "data"),
        "landing": str(home / "landing"),
        "lake": LakeSettings(root=str(home / "lake")),
    }
    return Lake(lake.spark, lake.settings.model_copy(update=own))


def _settings(parameters: dict[str, str]) -> Settings:
    from lakehouse.run.notebook.notebook_run import CURRENT
    from lakehouse.run.notebook.runner import overrides

    current = CURRENT.get()
    if current is not None and current.session.settings is not None:
        return current.session.settings
    target, conf = parameters.get("target") or "local", parameters.get("conf") or None
    return load(target, overrides(parameters), conf)
