"""The tables of the lake under their names, as SQL and `spark.table` know them on Databricks."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lakehouse.base.settings import Settings
from lakehouse.lake.files import local_path
from lakehouse.lake.place import Place

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_lock = threading.Lock()
_registered: dict[str, str] = {}
"""Folders of the tables that were registered here, by name: asking Spark for one takes a while."""
_ALL = re.compile(r"catalog|show\s+tables", re.I)


class TableNames:
    """Registers the tables that a text names in Spark's catalog, before the text runs."""

    def __init__(self, settings: Settings) -> None:
        """Belong to the lake of these settings."""
        self._settings = settings
        self._place = Place.of(settings)
        self._known: set[str] = set()

    def register(self, spark: SparkSession, text: str) -> None:
        """Register the tables that SQL or Python names; those that are known cost nothing.

        A layer that is followed by no plain name (as in `f"gold.{name}"`) means all its tables.
        """
        if self._place.catalog:
            if not self._known:
                spark.sql(f"USE CATALOG `{self._place.catalog}`")
                self._known.add("")
            return
        names = [
            name for name in self._there() if name not in self._known and _is_named(name, text)
        ]
        with _lock:
            for name in names:
                self._register(spark, name)
                self._known.add(name)

    def _there(self) -> Iterable[str]:
        """The tables that have been made, if folders can be listed; else those of the project."""
        root = local_path(self._place.root)
        if root is not None and self._place.is_local:
            logs = root.glob("[!_.]*/[!_.]*/_delta_log")
            return sorted(f"{each.parts[-3]}.{each.parts[-2]}" for each in logs)
        from lakehouse.declare import project
        from lakehouse.lake.ops import TABLES

        return [each.name for each in (*project.load(self._settings.project).tables, *TABLES)]

    def _register(self, spark: SparkSession, name: str) -> None:
        """Register a table, in place of one of the same name elsewhere."""
        folder = self._place.folder(name)
        if spark.catalog.tableExists(name):
            if _registered.get(name) == folder:
                return
            location = spark.sql(f"DESCRIBE DETAIL {name}").select("location").collect()[0][0]
            if _bare(location) == _bare(folder):
                return
            if spark.catalog.getTable(name).tableType != "EXTERNAL":
                return  # a notebook's own table: its rows would go with its entry
            spark.sql(f"DROP TABLE {name}")
        spark.sql(f"CREATE DATABASE IF NOT EXISTS `{name.partition('.')[0]}`")
        spark.catalog.createTable(name, path=folder, source="delta")
        _registered[name] = folder


def _bare(path: str) -> str:
    return path.removeprefix("file:").rstrip("/")


def _is_named(name: str, text: str) -> bool:
    layer, _, short = name.partition(".")
    if re.search(rf"\b{layer}`?\s*\.\s*`?{short}\b", text, re.I):
        return True
    return bool(re.search(rf"\b{layer}`?\.[^\w`]", text, re.I) or _ALL.search(text))
