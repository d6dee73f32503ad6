"""What the cells of a notebook share with the rest of the process: Spark, and the lake."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lakehouse.base.settings import Settings
from lakehouse.run.task.table_names import TableNames

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.run.notebook.context import NotebookContext
    from lakehouse.run.notebook.source import Cell

_NAMES_SPARK = re.compile(r"\b(spark|sql)\b")


class Session:
    """The shared Spark session, which is started by the first cell that names it.

    `settings` are those of the lake; None for a notebook that belongs to no project.
    """

    def __init__(
        self, settings: Settings | None = None, start: Callable[[], SparkSession] | None = None
    ) -> None:
        """Keep how Spark is started; nothing is started yet."""
        self.settings = settings
        self._start = start
        self._names = TableNames(settings) if settings is not None else None

    @cached_property
    def spark(self) -> SparkSession:
        """The session of this process."""
        if self._start is not None:
            return self._start()
        if self.settings is not None:
            from lakehouse.lake.opening import opened

            return opened(self.settings).spark
        from lakehouse.spark.session import make_session

        return make_session()

    def prepare(self, run: NotebookContext, cell: Cell) -> None:
        """Give a cell what it names: `spark`, `sql`, and tables of the lake."""
        if cell.kind not in ("python", "sql"):
            return
        names: dict[str, Any] = run.namespace
        if "spark" not in names and (cell.kind == "sql" or _NAMES_SPARK.search(cell.text)):
            names["spark"] = self.spark
            names.setdefault("sql", self.spark.sql)
        if "spark" in self.__dict__ and self._names is not None:
            self._names.register(self.spark, cell.text)
