"""A glance at a lake: what there is, how much, since when, and a few rows.

A lake in local folders is read through its Delta logs alone, in a fraction of a second and
without Spark; one in a catalog, or where `deltalake` is not installed, through the lake itself.
Reads only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import LakeSettings, Settings
from lakehouse.declare.schema import quoted
from lakehouse.lake import log
from lakehouse.lake.files import Local, local_path
from lakehouse.lake.log import Commit
from lakehouse.lake.past import readable
from lakehouse.lake.place import Place
from lakehouse.lake.values import rows_of, spark_type, zoned

if TYPE_CHECKING:
    from deltalake import DeltaTable

    from lakehouse.lake.lake import Lake

Column = tuple[str, str]
"""Name and type of a column, as Spark writes it."""


@dataclass(frozen=True)
class Facts:
    """What a table's log says of it. `rows` is None where its files were not counted."""

    version: int
    rows: int | None
    size: int
    files: int
    changed_at: datetime


@dataclass(frozen=True)
class Sample:
    """Rows of a table, to be read once, and its columns; times carry their zone."""

    columns: tuple[str, ...]
    rows: Iterable[tuple[Any, ...]]


class Glance(Protocol):
    """A way to look at tables; each method raises LakehouseError where the table is not there."""

    def exists(self, name: str) -> bool:
        """Whether the table has been made."""

    def facts(self, name: str) -> Facts:
        """Its newest version, and what that holds."""

    def columns(self, name: str, version: int | None = None) -> list[Column]:
        """Its columns in order."""

    def sample(
        self,
        name: str,
        limit: int | None,
        version: int | None = None,
        columns: Sequence[str] = (),
        where: str = "",
    ) -> Sample:
        """At most `limit` of its rows (None: all of them), in no order, as of a version: some of
        its columns (none: all of them), and of the rows those that meet a SQL condition."""

    def history(self, name: str, limit: int | None = None) -> list[Commit]:
        """Its versions, newest first."""

    def query(self, name: str, sql: str) -> Iterable[tuple[Any, ...]]:
        """The rows of a query over the table, which it calls `t`."""

    def map_sums(self, by: str, column: str) -> str:
        """The query for (by, key, sum of values) of a MAP<STRING, BIGINT> column."""


def glance(settings: Settings, lake: Callable[[], Lake]) -> Glance:
    """The quickest way to look at the lake of these settings; `lake` is called only if needed."""
    place = Place.of(settings)
    if place.is_local and find_spec("deltalake") is not None:
        return Logs(place, settings.lake.retention_days)
    return Through(lake())


class Logs:
    """Tables in local folders, read with `deltalake`."""

    def __init__(self, place: Place, days: int = LakeSettings().retention_days) -> None:
        """Tables below the place's root, which keep their past for so many days; looks at nothing
        yet."""
        self.place, self.days = place, days

    def exists(self, name: str) -> bool:
        """Whether the table has been made."""
        return log.newest(Local(), self.place.folder(name)) is not None

    def facts(self, name: str) -> Facts:
        """Newest version, rows by the statistics of its files, bytes, time of the last commit."""
        table = self._open(name)
        import pyarrow as pa

        files = pa.table(table.get_add_actions(flatten=True))
        counted = files.column("num_records").to_pylist() if files.num_rows else []
        return Facts(
            version=table.version(),
            rows=None if None in counted else sum(counted),
            size=sum(files.column("size_bytes").to_pylist()) if files.num_rows else 0,
            files=files.num_rows,
            changed_at=self.history(name, 1)[0].at,
        )

    def columns(self, name: str, version: int | None = None) -> list[Column]:
        """Its columns in order."""
        fields = self._open(name, version).schema().fields
        return [(field.name, spark_type(field.type)) for field in fields]

    def sample(
        self,
        name: str,
        limit: int | None,
        version: int | None = None,
        columns: Sequence[str] = (),
        where: str = "",
    ) -> Sample:
        """At most `limit` of its rows, as of a version."""
        query = f"SELECT {', '.join(map(_named, columns)) or '*'} FROM t"
        query += f" WHERE {where.replace('`', _QUOTE)}" if where else ""
        query += "" if limit is None else f" LIMIT {limit:d}"
        return self._query(self._open(name, version), query)

    def history(self, name: str, limit: int | None = None) -> list[Commit]:
        """Its versions, newest first."""
        if not self.exists(name):
            raise not_filled(name)
        return list(islice(log.commits(Local(), self.place.folder(name)), limit))

    def query(self, name: str, sql: str) -> Iterable[tuple[Any, ...]]:
        """The rows of a query over the table, in the dialect of DataFusion."""
        return self._query(self._open(name), sql.replace("`", _QUOTE)).rows

    def map_sums(self, by: str, column: str) -> str:
        """Keys and values side by side, a row each, added up."""
        pairs = f"unnest(map_keys(`{column}`)) AS key, unnest(map_values(`{column}`)) AS value"
        inner = f"SELECT `{by}`, {pairs} FROM t"
        return f"SELECT `{by}`, key, sum(value) FROM ({inner}) GROUP BY `{by}`, key"

    def _query(self, table: DeltaTable, sql: str) -> Sample:
        import pyarrow as pa
        from deltalake import QueryBuilder

        # Not through a pyarrow dataset: its read-ahead can hang the process at its end.
        result = QueryBuilder().register("t", table).execute(sql)
        reader = pa.RecordBatchReader.from_stream(result)
        return Sample(
            tuple(reader.schema.names), (row for batch in reader for row in rows_of(batch))
        )

    def _open(self, name: str, version: int | None = None) -> DeltaTable:
        if not self.exists(name):
            raise not_filled(name)
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        folder = str(local_path(self.place.folder(name)))
        try:
            newest = DeltaTable(folder)
            if version is None or version == newest.version():
                return newest
            pin = self.place.pin(name, str(newest.metadata().id), version)
            if log.newest(Local(), pin) is not None:
                return DeltaTable(str(local_path(pin)))
            there = readable(log.commits(Local(), folder), name, version, self.days)
            return DeltaTable(folder, version=there)
        except DeltaError as error:
            raise LakehouseError(
                f"cannot be read: {str(error).splitlines()[0]}",
                name,
                "look into its folder, or make the table anew from the layer above",
            ) from error


class Through:
    """Tables of any lake, read through its Spark session."""

    def __init__(self, lake: Lake) -> None:
        """The lake to ask."""
        self.lake = lake

    def exists(self, name: str) -> bool:
        """Whether the table has been made."""
        return self.lake.exists(name)

    def facts(self, name: str) -> Facts:
        """Newest version, rows (counted from statistics), bytes, time of the last commit."""
        self._need(name)
        detail = self.lake.detail(name)
        last = self.lake.history(name, 1)[0]
        return Facts(
            version=last.version,
            rows=self.lake.read(name).count(),
            size=detail["sizeInBytes"],
            files=detail["numFiles"],
            changed_at=last.at,
        )

    def columns(self, name: str, version: int | None = None) -> list[Column]:
        """Its columns in order."""
        fields = self.lake.read(name, version).schema.fields
        return [(field.name, field.dataType.simpleString()) for field in fields]

    def sample(
        self,
        name: str,
        limit: int | None,
        version: int | None = None,
        columns: Sequence[str] = (),
        where: str = "",
    ) -> Sample:
        """At most `limit` of its rows, as of a version."""
        rows = self.lake.read(name, version)
        rows = rows.where(where) if where else rows
        rows = rows.select(*map(quoted, columns)) if columns else rows
        sample = rows.toLocalIterator() if limit is None else rows.limit(limit).collect()
        return Sample(tuple(rows.columns), zoned(sample, rows.schema))

    def history(self, name: str, limit: int | None = None) -> list[Commit]:
        """Its versions, newest first."""
        self._need(name)
        return self.lake.history(name, limit)

    def query(self, name: str, sql: str) -> Iterable[tuple[Any, ...]]:
        """The rows of a query over the table, in Spark's own dialect."""
        return [
            tuple(row)
            for row in self.lake.spark.sql(
                sql.replace("FROM t", "FROM {t}"), t=self.lake.read(name)
            ).collect()
        ]

    def map_sums(self, by: str, column: str) -> str:
        """Keys and values side by side, a row each, added up."""
        pairs = f"LATERAL VIEW explode(`{column}`) AS key, value"
        return f"SELECT `{by}`, key, sum(value) FROM t {pairs} GROUP BY `{by}`, key"

    def _need(self, name: str) -> None:
        if not self.exists(name):
            raise not_filled(name)


_QUOTE = '"'
"""What quotes a name in the dialect of DataFusion."""


def _named(column: str) -> str:
    return f"{_QUOTE}{column.replace(_QUOTE, _QUOTE * 2)}{_QUOTE}"


def not_filled(name: str) -> LakehouseError:
    """The error for a table that is declared but was never made."""
    return LakehouseError("has not been filled yet", name, "fill it with: lakehouse run")
