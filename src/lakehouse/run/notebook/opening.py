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
"""What says where the lake is. The jobs of the bundle have parameters of the same names."""


def open_lake(spark: SparkSession, dbutils: Any) -> Lake:
    """Return the lake that this notebook works on.

    On Databricks its widgets, which are made here, say where it is, and tables without a catalog
    are those of its catalog from now on. On this machine that is known: the command line, or the
    run of the bundle, has said it.
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

    Its tables and its landing zone are below `folder`, which must be new or empty: on Databricks
    one of a volume, here a temporary one where none is named.
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


def _settings(given: dict[str, str]) -> Settings:
    from lakehouse.run.notebook.running import changes
    from lakehouse.run.notebook.work import AT_WORK

    work = AT_WORK.get()
    if work is not None and work.session.settings is not None:
        return work.session.settings
    return load(given.get("target") or "local", changes(given), given.get("conf") or None)
