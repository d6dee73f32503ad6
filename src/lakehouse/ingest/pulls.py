"""Landing what is new in a database: each pull is one file of JSON lines in the landing zone.

From there on its rows are records like all others, and stay where a rebuild finds them. A pull is
noted in `ops.pulls` before the database is asked, and again once its file has landed: one that was
killed between the two is done again under its number, with its bounds, unless its file is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, NumericType, TimestampNTZType, TimestampType

from lakehouse.base import progress
from lakehouse.base.arrival_settings import DatabaseTable
from lakehouse.base.database_faults import database_fault
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.encoding import UTF_8, canonical
from lakehouse.declare.schema import quoted
from lakehouse.declare.source import Source
from lakehouse.ingest.database import asked_for, rows_in
from lakehouse.ingest.snapshots import changed_lines, take_snapshot
from lakehouse.lake.add import add
from lakehouse.lake.lake import Lake
from lakehouse.lake.lock import lock
from lakehouse.lake.ops import PULLS
from lakehouse.lake.save import save_files
from lakehouse.spark.caching import cached, caching

JSON = {"timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
        "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"}  # fmt: skip
"""As Spark writes times by itself it would cut them off at milliseconds."""


_turns: dict[str, Lock] = defaultdict(Lock)
"""By the folder of a source, whose turn it is to pull."""


@dataclass(frozen=True)
class Pull:
    """A pull of a source by its number: rows from `low` to `high` of the column `by`, as text.

    `low` is None where nothing was read by it before. Of whole snapshots there is neither."""

    number: int
    by: str = ""
    low: str | None = None
    high: str | None = None

    @property
    def folder(self) -> str:
        """The folder of its file, below that of the source."""
        return f"pull-{self.number:08d}"


def pull(lake: Lake, source: Source) -> int:
    """Lands what is new for a source whose records are rows of a database; returns how many rows.

    One at a time: tables that read one source wait for each other here, and another process is
    refused. Raises LakehouseError where the database does not answer or refuses, or what is asked
    of it cannot be told apart; nothing has landed then.
    """
    wanted = asked_for(lake.settings, source)
    if wanted is None:
        return 0
    _check(source)
    with _turns[lake.place.arrivals(source.name)], lock(lake, f"{source.name} of the database"):
        return _pulled(lake, source, wanted)


def _pulled(lake: Lake, source: Source, wanted: DatabaseTable) -> int:
    last, is_over = _last(lake, source)
    if last and not is_over and _has_landed(lake, source, last):
        note(lake, source, last, "landed")
        is_over = True
    pulling = _Pulling(lake, source, wanted, last, is_over)
    try:
        with caching():
            return pulling.new() if wanted.by else pulling.changed()
    except LakehouseError:
        raise
    except Exception as error:
        fault = database_fault(str(error), f"database.tables.{source.name}")
        if fault is None:
            raise
        raise fault from error


@dataclass(frozen=True)
class _Pulling:
    """A pull at work; `last` is the one before, which is to be done again where it is not over."""

    lake: Lake
    source: Source
    wanted: DatabaseTable
    last: Pull | None
    is_over: bool

    @property
    def number(self) -> int:
        """The number of this pull."""
        return 1 if self.last is None else self.last.number + self.is_over

    def new(self) -> int:
        """Lands what is above the last value of the column that grows."""
        rows = rows_in(self.lake, self.source, self.wanted)
        kind = rows.schema[self.wanted.by].dataType
        _check_grows(kind, self.source, self.wanted)
        column = F.col(quoted(self.wanted.by))
        if this := self._unfinished():
            above = self._above(rows, column, kind, this.low)
        else:
            # By another column than the last time, all is read once more.
            low = self.last.high if self.last and self.last.by == self.wanted.by else None
            high = self._newest(rows, column, kind, low)
            if high is None:
                return 0
            this = Pull(self.number, self.wanted.by, low, high)
            note(self.lake, self.source, this, "begun")
            above = self._above(rows, column, kind, low)
        taken = above.where(column <= _value(this.high, kind))
        return _land(self.lake, self.source, this, taken.select(_line(taken.columns, "value")))

    def _unfinished(self) -> Pull | None:
        """The pull before, where it is to be done again; by another setting it is begun anew."""
        is_alike = self.last is not None and self.last.by == self.wanted.by
        return self.last if is_alike and not self.is_over else None

    def _newest(
        self, rows: DataFrame, column: Column, kind: DataType, low: str | None
    ) -> str | None:
        """The greatest value above the last one, as text; None where there is nothing new."""
        above = rows if low is None else rows.where((column > _value(low, kind)) | column.isNull())
        totals = F.max(column).cast("string"), F.count_if(column.isNull())
        high, lost = above.agg(*totals).collect()[0]
        if lost:
            detail = f"{lost:,} rows have no {self.wanted.by}, and are not read"
            progress.emit(
                progress.Event("table", f"bronze.{self.source.name}", "note", detail=detail)
            )
        return None if high is None else str(high)

    def _above(self, rows: DataFrame, column: Column, kind: DataType, low: str | None) -> DataFrame:
        if low is None:
            return rows
        least = _below(_value(low, kind), kind, self.wanted.overlap)
        # Several rows may have one time, and some of them be committed after it was read.
        is_number = isinstance(kind, NumericType) and not self.wanted.overlap
        return rows.where(column > least if is_number else column >= least)

    def changed(self) -> int:
        """Lands the rows that are not as they were at the pull before."""
        rows = rows_in(self.lake, self.source, self.wanted)
        folder = self.lake.place.snapshots(self.source.name, self.wanted.keys)
        taken = rows.select(_line(self.wanted.keys, "key"), _line(rows.columns, "row"))
        now, before = take_snapshot(self.lake, taken, folder, self.number, self.wanted, self.source)
        lines = cached(changed_lines(now, before, self.wanted.gone))
        this = self._unfinished()
        if this is None:
            if lines.isEmpty():
                return 0  # the next one takes this number, and its snapshot the place of this one
            this = Pull(self.number)
            note(self.lake, self.source, this, "begun")
        count = _land(self.lake, self.source, this, lines)
        if before is not None:
            with suppress(LakehouseError):  # out of reach behind Connect, and in nobody's way
                files = self.lake.storage(folder)
                files.remove(f"{folder}/{this.number - 1:08d}")
        return count


def _line(columns: Sequence[str], name: str) -> Column:
    """Columns as JSON."""
    return F.to_json(F.struct(*map(quoted, columns)), JSON).alias(name)


def _land(lake: Lake, source: Source, this: Pull, lines: DataFrame) -> int:
    """Writes the lines as one file, which appears whole or not at all."""
    lines = cached(lines)
    count = lines.count()
    if count:
        folder = f"{lake.place.arrivals(source.name)}/{this.folder}"
        save_files(lines.coalesce(1), folder, "text")
    note(lake, source, this, "landed", count)
    return count


def note(lake: Lake, source: Source, this: Pull, state: str, rows: int | None = None) -> None:
    """Notes that a pull is `begun`, or that its file has `landed`."""
    values = {"source": source.name, "number": this.number, "state": state,
              "by": this.by, "low": this.low, "high": this.high, "rows": rows}  # fmt: skip
    add(lake, PULLS, [values], now="at")


def _last(lake: Lake, source: Source) -> tuple[Pull | None, bool]:
    """The last pull of a source, and whether its file is known to have landed."""
    if not lake.exists(PULLS.name):
        return None, True
    own = lake.read(PULLS.name).where(F.col("source") == source.name)
    order = (F.col(each).desc() for each in ("number", "state", "at"))
    newest = own.orderBy(*order).limit(1).collect()
    if not newest:
        return None, True
    row = newest[0]  # of the two states of one pull, `landed` comes after `begun`
    return Pull(row["number"], row["by"], row["low"], row["high"]), row["state"] == "landed"


def _has_landed(lake: Lake, source: Source, this: Pull) -> bool:
    folder = f"{lake.place.arrivals(source.name)}/{this.folder}"
    return any(lake.storage(folder).files(folder))


def _value(text: str | None, kind: DataType) -> Column:
    return F.lit(text).cast(kind)


def _below(value: Column, kind: DataType, overlap: float) -> Column:
    """What lies so far below a value."""
    if not overlap:
        return value
    if isinstance(kind, NumericType):
        return value - F.lit(overlap).cast(kind)
    if isinstance(kind, DateType):
        return F.date_sub(value, int(overlap))
    return value - F.make_dt_interval(secs=F.lit(overlap))


def _check_grows(kind: DataType, source: Source, wanted: DatabaseTable) -> None:
    if not isinstance(kind, NumericType | DateType | TimestampType | TimestampNTZType):
        raise LakehouseError(
            f"the column {wanted.by!r} is {kind.simpleString()}, of which nothing can be told to "
            "be above the rest",
            f"database.tables.{source.name}",
            "name a number, a date or a time that grows, or the keys of a row",
        )


def _check(source: Source) -> None:
    """Raise LakehouseError where rows cannot land as records of this source."""
    plain = source.format == "json" and canonical(source.encoding) == UTF_8
    if not plain:
        raise LakehouseError(
            "rows of a database land as lines of JSON in UTF-8, and the source is declared "
            f"otherwise ({source.format}, {source.encoding})",
            f"source {source.name!r}",
            "declare it as json",
        )
