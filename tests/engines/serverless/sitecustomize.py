"""Makes Spark Connect refuse what Databricks' serverless compute refuses.

In the process of a test that asks for it, and in every Python in which the server calls the
batches of a stream. What is refused: caching, settings beyond six, views for all sessions, and a
batch that holds a session. Put on Python's path, it is imported before anything else.
"""

from __future__ import annotations

import os
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import PathFinder

ALLOWED = {
    "spark.sql.shuffle.partitions",
    "spark.sql.session.timeZone",
    "spark.sql.ansi.enabled",
    "spark.sql.files.maxPartitionBytes",
    "spark.sql.legacy.timeParserPolicy",
    "spark.databricks.execution.timeout",
}
REFUSED_SQL = ("CACHE ", "UNCACHE ", "REFRESH TABLE", "SET SPARK.", "CREATE GLOBAL TEMP")


def refuse(what: str):
    from pyspark.errors import AnalysisException

    def refused(*given: object, **named: object):
        raise AnalysisException(
            f"[NOT_SUPPORTED_WITH_SERVERLESS] {what} is not supported on serverless compute."
        )

    return refused


def install() -> None:
    """Puts the refusals into pyspark's Connect client."""
    from pickle import PicklingError

    from pyspark.errors import AnalysisException
    from pyspark.sql.connect.conf import RuntimeConf
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.session import SparkSession

    for name in ("cache", "persist", "checkpoint", "localCheckpoint"):
        setattr(DataFrame, name, refuse("PERSIST TABLE"))
    for name in ("createGlobalTempView", "createOrReplaceGlobalTempView"):
        setattr(DataFrame, name, refuse("CREATE GLOBAL TEMPORARY VIEW"))

    set_conf = RuntimeConf.set

    def only_allowed(self, key: str, value: object) -> None:
        if key not in ALLOWED:
            raise AnalysisException(f"[CONFIG_NOT_AVAILABLE] Configuration {key} is not available.")
        set_conf(self, key, value)

    RuntimeConf.set = only_allowed

    sql = SparkSession.sql

    def only_tables(self, text: str, *given: object, **named: object):
        if text.lstrip().upper().startswith(REFUSED_SQL):
            refuse(text.split()[0])()
        return sql(self, text, *given, **named)

    SparkSession.sql = only_tables

    def not_captured(self, protocol: int = 0):
        raise PicklingError("[STREAMING_CONNECT_SERIALIZATION_ERROR] Cannot serialize a session.")

    SparkSession.__reduce_ex__ = not_captured


class _ThenInstall(Loader):
    """Loads a module as it would be, and then puts the refusals in."""

    def __init__(self, loader) -> None:
        self._loader = loader

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module) -> None:
        self._loader.exec_module(module)
        install()


class _OnceThere(MetaPathFinder):
    """Watches for the import of Connect's session, on which everything else is reached."""

    def find_spec(self, name: str, path=None, target=None):
        if name != "pyspark.sql.connect.session" or self not in sys.meta_path:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path)
        spec.loader = _ThenInstall(spec.loader)
        return spec


_IN_BATCHES = any("foreach_batch_worker" in word for word in sys.orig_argv)
if os.environ.get("SERVERLESS_RULES") or _IN_BATCHES:
    sys.meta_path.insert(0, _OnceThere())
