"""Reading, versions and history; what the write ways share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import Settings
from lakehouse.declare.field import fields_of
from lakehouse.declare.schema import columns as columns_of
from lakehouse.declare.schema import quoted, simple, struct
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Growing
from lakehouse.lake import log
from lakehouse.lake.account import state_of
from lakehouse.lake.catalog import history
from lakehouse.lake.create import create
from lakehouse.lake.files import Local, Storage, local_path
from lakehouse.lake.log import CHANGES_NO_ROW, Commit
from lakehouse.lake.past import readable
from lakehouse.lake.place import Place
from lakehouse.lake.properties import parted_by, properties_of, retention
from lakehouse.lake.storage import storage

if TYPE_CHECKING:
    from deltalake import DeltaTable

CHANGE, VERSION = "_change_type", "_commit_version"
"""Columns of a change feed: `insert`, `update_postimage` or `delete`, and the version it was in."""


ALL_FILES = 2**31 - 1
"""More files than a batch will ever find; Delta's own limit is 1,000."""

LATEST = 20
"""Versions of a table in a catalog that are read first; then all of them are."""


class Lake:
    """The tables of one lake, through one session. Names are `layer.table` everywhere."""

    def __init__(
        self, spark: SparkSession | Callable[[], SparkSession], settings: Settings
    ) -> None:
        """A lake where the settings place it; creates nothing.

        `spark`: the session, or what starts it once it is needed: what the logs of tables in local
        folders tell needs none.
        """
        self._spark = spark
        self.settings = settings
        self.place = Place.of(settings)

    @cached_property
    def spark(self) -> SparkSession:
        """The session that rows are read and written through."""
        return self._spark() if callable(self._spark) else self._spark

    def within(self, spark: SparkSession) -> Lake:
        """The same lake through another session, such as a streaming batch's own."""
        return Lake(spark, self.settings)

    def storage(self, address: str) -> Storage:
        """The file system behind a path or an URL, as Spark would reach it."""
        return storage(self.spark, address) if local_path(address) is None else Local()

    # --- what there is ---------------------------------------------------------------

    def exists(self, name: str) -> bool:
        """Whether the table has been made."""
        if self.place.catalog:
            return bool(self.spark.catalog.tableExists(self.place.table(name)))
        return self._newest(name) is not None

    def ensure(self, table: Table) -> None:
        """Makes the table as its contract says; adds the columns a contract has gained.

        Raises LakehouseError where a column of the table is of another type than its contract.
        """
        if self.exists(table.name):
            self._grow(table)
            return
        if self.place.catalog:
            layer = f"{self.place.catalog}.{table.layer}"
            self.spark.sql(f"CREATE SCHEMA IF NOT EXISTS {layer}")
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns_of(table.stored))
        parted = parted_by(table)
        days = self.settings.lake.retention_days
        properties = retention(table.name, days) | properties_of(table)
        create(
            self.spark,
            f"CREATE TABLE IF NOT EXISTS {self.place.table(table.name)} ({columns}) USING DELTA"
            + (f" PARTITIONED BY ({quoted(parted)})" if parted else "")
            + f" TBLPROPERTIES ({', '.join(f'{k!r} = {v!r}' for k, v in properties.items())})",
            lambda: self.exists(table.name),
        )

    def upgrade(self, table: Table) -> None:
        """Gives a table the properties that its contract has come to need; streams go on."""
        self.tell(table.name, properties_of(table))

    def tell(self, name: str, wanted: Mapping[str, str]) -> None:
        """Gives a table properties, in a commit of its own where it has not all of them."""
        opened = self.opened(name)
        held = (
            self.detail(name)["properties"] if opened is None else opened.metadata().configuration
        )
        if not wanted.items() <= held.items():
            pairs = ", ".join(f"{key!r} = {value!r}" for key, value in wanted.items())
            self.spark.sql(f"ALTER TABLE {self.place.table(name)} SET TBLPROPERTIES ({pairs})")

    def remove(self, name: str) -> None:
        """Takes a table away for good: one that was made beside another.

        Where Spark runs elsewhere its files stay, and are in nobody's way.
        """
        if self.place.catalog:
            self.spark.sql(f"DROP TABLE IF EXISTS {self.place.table(name)}")
            return
        folder = self.place.folder(name)
        with suppress(LakehouseError):
            self.storage(folder).remove(folder)

    def _grow(self, table: Table) -> None:
        fields = fields_of(table.stored, table.classes)
        if (known := self.opened(table.name)) is not None:
            logged = StructType.fromJson(json.loads(known.schema().to_json()))
            spelt = {field.name: field.dataType.simpleString() for field in logged}
            if all(spelt.get(field.name) == simple(field.type) for field in fields):
                return  # told without Spark, whose parser alone knows all spellings of a type
        held = {field.name: field.dataType for field in self.read(table.name).schema}
        new = [field.added for field in fields if field.name not in held]
        for field in struct(table.stored):
            if held.get(field.name, field.dataType) != field.dataType:
                raise LakehouseError(
                    f"column {field.name!r} is {held[field.name].simpleString()} in the table "
                    f"and {field.dataType.simpleString()} in its contract",
                    table.name,
                    "rename the column, or make the table anew from the layer above",
                )
        if new:
            self.upgrade(table)
            place = self.place.table(table.name)
            self.spark.sql(f"ALTER TABLE {place} ADD COLUMNS ({', '.join(new)})")

    def opened(self, name: str) -> DeltaTable | None:
        """A table of a local folder as its log tells it, which takes no Spark; None for any other,
        and for one that `deltalake` cannot read: Spark may be able to."""
        if not self.place.is_local or find_spec("deltalake") is None:
            return None
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        try:
            return DeltaTable(Path(str(local_path(self.place.folder(name)))))
        except DeltaError:
            return None

    # --- reading ---------------------------------------------------------------------

    def read(self, name: str, version: int | None = None) -> DataFrame:
        """The table as it is, or as it was at `version`; of a version that is pinned, its copy."""
        try:
            if version is None:
                return self.spark.read.table(self.place.table(name))
            if (copy := self.pinned(name, version)) is not None:
                return copy
            if self.exists(name):
                days = self.settings.lake.retention_days
                version = readable(self.commits(name), name, version, days)
            at = self.spark.read.option("versionAsOf", version)
            if self.place.catalog:
                return at.table(self.place.table(name))
            return at.format("delta").load(self.place.folder(name))
        except AnalysisException as error:
            raise self._unreadable(name, error) from None

    def pinned(self, name: str, version: int) -> DataFrame | None:
        """The copy of a version that is kept for good; None where there is none."""
        if not self.exists(name):
            return None
        place = self.place.pin(name, self.id(name), version)
        if self.place.catalog:
            there = self.spark.catalog.tableExists(place)
            return self.spark.read.table(place) if there else None
        there = log.newest(self.storage(place), place) is not None
        return self.spark.read.format("delta").load(place) if there else None

    def _unreadable(self, name: str, error: Exception) -> LakehouseError:
        return LakehouseError(
            "has not been filled yet" if not self.exists(name) else str(error).split("\n")[0],
            name,
            "fill it with: lakehouse run",
        )

    def changes(
        self, table: Table, past_rebuilds: bool = False, whole_versions: bool = False
    ) -> DataFrame:
        """What happens to the rows of the table, as a stream.

        The rows that it gains, where they are only ever added; `past_rebuilds` passes over the
        commits that take some away, which stop the stream otherwise. Of any other table the change
        feed: rows that were inserted, updated (as they are then) or deleted, with CHANGE and
        VERSION.

        `whole_versions`: no batch ends within a commit, however many files that one added.
        """
        stream = self._follow(table, past_rebuilds, whole_versions)
        if isinstance(table.write, Growing):
            return stream
        return stream.where(F.col(CHANGE) != "update_preimage").drop("_commit_timestamp")

    def changed_partitions(
        self, table: Table, partition: str, past_rebuilds: bool = False
    ) -> DataFrame:
        """The partition of every row added, changed or removed, as a stream."""
        return self._follow(table, past_rebuilds).select(quoted(partition))

    def _follow(self, table: Table, past_rebuilds: bool, whole_versions: bool = False) -> DataFrame:
        reader = self.spark.readStream.format("delta")
        if whole_versions:
            reader = reader.option("maxFilesPerTrigger", ALL_FILES)
        if not isinstance(table.write, Growing):
            reader = reader.option("readChangeFeed", "true")
        elif past_rebuilds:
            reader = reader.option("skipChangeCommits", "true")
        self.ensure(table)
        if self.place.catalog:
            stream: DataFrame = reader.table(self.place.table(table.name))
        else:
            stream = reader.load(self.place.folder(table.name))
        return stream

    # --- versions --------------------------------------------------------------------

    def detail(self, name: str) -> Row:
        """What Delta says of the table: `id`, `sizeInBytes`, `numFiles` and more."""
        return self.spark.sql(f"DESCRIBE DETAIL {self.place.table(name)}").collect()[0]

    def id(self, name: str) -> str:
        """What a table is known by for as long as it lives, whatever happens to its rows."""
        known = self.opened(name)
        return str(known.metadata().id if known is not None else self.detail(name)["id"])

    def commits(self, name: str) -> Iterator[Commit]:
        """The versions of a table, newest first, each read when it is reached."""
        if not self.place.catalog:
            folder = self.place.folder(name)
            yield from log.commits(self.storage(folder), folder)
        elif self.exists(name):
            latest = history(self.spark, self.place.table(name), LATEST)
            yield from latest
            if len(latest) == LATEST:
                yield from history(self.spark, self.place.table(name))[LATEST:]

    def state(self, name: str) -> Mapping[str, Any]:
        """What the newest commit that says so says of the state of a table; empty if none does."""
        states = (state_of(each.metadata) for each in self.commits(name))
        return next((state for state in states if state is not None), {})

    def history(self, name: str, limit: int | None = None) -> list[Commit]:
        """The versions of a table, newest first. Raises LakehouseError where there is none."""
        versions = list(islice(self.commits(name), limit))
        if not versions:
            raise self._unreadable(name, ValueError())
        return versions

    def version(self, name: str) -> int:
        """The newest version of the table. Raises LakehouseError where there is none."""
        newest = self._newest(name)
        if newest is None:
            raise self._unreadable(name, ValueError())
        return newest

    def rows_version(self, name: str) -> int:
        """The newest version that changed a row of the table, or made it: later ones, such as
        those of maintenance, hold the same rows. Raises LakehouseError where there is no table."""
        commits = (each for each in self.commits(name) if each.operation not in CHANGES_NO_ROW)
        changed = next((each.version for each in commits), None)
        return self.version(name) if changed is None else changed

    def _newest(self, name: str) -> int | None:
        if self.place.catalog:
            return next((commit.version for commit in self.commits(name)), None)
        folder = self.place.folder(name)
        return log.newest(self.storage(folder), folder)
