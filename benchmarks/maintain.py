"""Reading a table of 1,000 small batches before and after maintenance, beside one batch."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from lakehouse.base.settings import Settings, SparkSettings
from lakehouse.declare.table import Table
from lakehouse.flow.maintain import maintain
from lakehouse.lake import Lake
from lakehouse.lake.files import Local
from lakehouse.lake.glance import Logs
from lakehouse.lake.log import checkpoints, newest
from lakehouse.spark.session import make_session
from lakehouse.terminal.rows import Rows

READINGS = Table("bronze.readings", "sensor BIGINT, value DOUBLE")
BATCHES, ROWS = 1_000, 100
AGAIN = 5
"""How often what is read again is read."""

Row = tuple[str, int, int, float, float, float]


def measure() -> Rows:
    """Files of the table, pages of its log that a look reads, seconds of Spark's first read of it
    (with the look), of each further one, and of one without Spark. Seconds of maintenance itself
    are a line of its own."""
    with tempfile.TemporaryDirectory(prefix="maintain ") as folder:
        home = Path(folder)
        spark = make_session(SparkSettings(master="local[2]"), warehouse=home / "warehouse")

        def lake(name: str) -> Lake:
            root = {"root": str(home / name)}
            values = {"project": "benchmark", "data": str(home), "landing": str(home)}
            return Lake(spark, Settings.model_validate({**values, "lake": root}))

        for name, batches in (("many", BATCHES), ("one", 1)):
            lake(name).ensure(READINGS)
            _write(lake(name), batches, BATCHES * ROWS // batches)
        _read(_copy(lake, "one", "first"), "")  # Java is warm then
        found = [_read(lake("one"), "one batch"), *_maintained(lake)]
        spark.stop()
    columns = ("table", "files", "pages", "first read", "read again", "without Spark")
    return Rows(columns, found, dict.fromkeys(columns[3:], "{:.3f}".format))


def _maintained(lake: Callable[[str], Lake]) -> Iterator[Row]:
    """Each read is of a copy: Spark remembers the state of a table that it has seen."""
    yield _read(_copy(lake, "many", "before"), f"{BATCHES:,} batches")
    seconds = _timed(lambda: maintain(lake("many"), [READINGS], {}))
    again = _timed(lambda: maintain(lake("many"), [READINGS], {}))
    yield _read(_copy(lake, "many", "after"), f"maintained, in {seconds:.1f} s, again {again:.2f}")


def _copy(lake: Callable[[str], Lake], name: str, to: str) -> Lake:
    shutil.copytree(lake(name).place.root, lake(to).place.root)
    return lake(to)


def _write(lake: Lake, batches: int, rows: int) -> None:
    import pyarrow as pa
    from deltalake import DeltaTable, write_deltalake

    held = DeltaTable(lake.place.folder(READINGS.name))
    schema = pa.schema(held.schema().to_arrow())
    for batch in range(batches):
        values = [{"sensor": n % 10, "value": float(batch + n)} for n in range(rows)]
        write_deltalake(held, pa.Table.from_pylist(values, schema), mode="append")


def _read(lake: Lake, name: str) -> Row:
    folder = lake.place.folder(READINGS.name)
    version = newest(Local(), folder) or 0
    pages = version - max(checkpoints(Local(), folder), default=-1)
    query = "SELECT sensor, sum(value) FROM t GROUP BY sensor"
    first, again = _timed(lambda: _sums(lake)), [_timed(lambda: _sums(lake)) for _ in range(AGAIN)]
    looks = [
        _timed(lambda: list(Logs(lake.place).query(READINGS.name, query))) for _ in range(AGAIN)
    ]
    files = Logs(lake.place).facts(READINGS.name).files
    return name, files, pages, first, median(again), median(looks)


def _sums(lake: Lake) -> object:
    return lake.read(READINGS.name).groupBy("sensor").sum("value").collect()


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
