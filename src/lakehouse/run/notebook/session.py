"""What the cells of a notebook share with the rest of the process: Spark, and the lake."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lakehouse.base.settings import Settings
from lakehouse.run.notebook.names import Names

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from lakehouse.run.notebook.ran import Work
    from lakehouse.run.notebook.source import Cell

_SAYS_SPARK = re.compile(r"\b(spark|sql)\b")


class Session:
    """The shared Spark session, which is started by the first cell that speaks of it.

    `settings` are those of the lake; None for a notebook that belongs to no project.
    """

    def __init__(
        self, settings: Settings | None = None, start: Callable[[], SparkSession] | None = None
    ) -> None:
        """Keep how Spark is started; nothing is yet."""
        self.settings = settings
        self._start = start
        self._names = Names(settings) if settings is not None else None

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

    def ready(self, work: Work, cell: Cell) -> None:
        """Give a cell what it speaks of: `spark`, and the tables it names."""
        if cell.kind not in ("python", "sql"):
            return
        names: dict[str, Any] = work.namespace
        if "spark" not in names and (cell.kind == "sql" or _SAYS_SPARK.search(cell.text)):
            names["spark"] = self.spark
            names.setdefault("sql", self.spark.sql)
        if "spark" in self.__dict__ and self._names is not None:
            self._names.know(self.spark, cell.text)
