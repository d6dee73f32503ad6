"""The lake of a notebook, by the same call here and on Databricks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakehouse.settings import Settings, load

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
    lake = Lake(spark, _settings({name: dbutils.widgets.get(name) for name in WIDGETS}))
    if lake.place.catalog:
        spark.sql(f"USE CATALOG `{lake.place.catalog}`")
    return lake


def _settings(given: dict[str, str]) -> Settings:
    from lakehouse.notebook.running import changes
    from lakehouse.notebook.work import AT_WORK

    work = AT_WORK.get()
    if work is not None and work.session.settings is not None:
        return work.session.settings
    return load(given["target"] or "local", changes(given), given["conf"] or None)
