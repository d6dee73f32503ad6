"""The ways a table changes. Each commit carries the batch it came from and happens once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.expectation import BROKEN
from lakehouse.declare.source import RECORD
from lakehouse.declare.table import Merge, Table
from lakehouse.lake.account import Account, Batch, note, noted
from lakehouse.lake.lake import Commit, Lake
from lakehouse.lake.ops import BATCHES, QUARANTINE

LOOK_BACK = 50
"""How many versions back a batch's own commit is looked for: writers are few a table."""


@dataclass(frozen=True)
class Writer:
    """Writes on behalf of one batch, through that batch's own session."""

    lake: Lake
    batch: Batch

    def committed(self, name: str) -> tuple[Commit, dict[str, Any]] | None:
        """This batch's commit to the table and what it noted, if it is there already."""
        for commit in self.lake.history(name, LOOK_BACK):
            if said := noted(commit.metadata, self.batch):
                return commit, said
        return None

    def append(self, rows: DataFrame, name: str, counted: Account | None = None) -> int:
        """Adds rows, once a batch. Returns how many the commit says it wrote."""
        self._save(rows, name, counted, {})
        return self._wrote(name)

    def replace(
        self, rows: DataFrame, name: str, where: str, counted: Account | None = None
    ) -> int:
        """Puts rows in the place of those that match `where`. Returns how many it wrote."""
        self._save(rows, name, counted, {"replaceWhere": where})
        return self._wrote(name)

    def merge(self, rows: DataFrame, table: Table, counted: Account) -> tuple[int, int] | None:
        """Merges rows, one a key. Returns (rows offered, rows inserted or updated).

        None where there was nothing to change: Delta then makes no commit.
        """
        write = table.write
        if not isinstance(write, Merge):
            raise TypeError(f"{table.name} is no Merge table")
        if self.lake.version(table.name) == 0:  # nothing to match: no join needed
            wrote = self.append(rows, table.name, counted)
            return wrote, wrote
        # A MERGE takes these from the session, and a batch's session is its own.
        conf = rows.sparkSession.conf
        conf.set("spark.databricks.delta.commitInfo.userMetadata", note(self.batch, counted))
        same = " AND ".join(f"held.`{key}` = new.`{key}`" for key in write.keys)
        merge = self.lake.delta(table.name).alias("held").merge(rows.alias("new"), same)
        if write.newest_by:
            newer = f"new.`{write.newest_by}` > held.`{write.newest_by}`"
            merge = merge.whenMatchedUpdateAll(condition=newer)
        merge.whenNotMatchedInsertAll().execute()
        conf.unset("spark.databricks.delta.commitInfo.userMetadata")
        found = self.committed(table.name)
        if found is None:
            return None
        metrics = found[0].metrics
        return metrics["numSourceRows"], merged(metrics)

    def quarantine(self, broken: DataFrame, columns: Sequence[str]) -> int:
        """Sets broken rows aside with their rules and the record as it came."""
        record = F.col(RECORD) if RECORD in broken.columns else F.lit(None).cast("string")
        aside = broken.select(
            F.lit(self.batch.table).alias("table"),
            F.lit(self.batch.query).alias("query"),
            F.lit(self.batch.number).cast("bigint").alias("batch"),
            F.col(BROKEN).alias("rules"),
            F.to_json(F.struct(*columns)).alias("row"),
            record.alias("record"),
            F.current_timestamp().alias("quarantined_at"),
        )
        self.lake.ensure(QUARANTINE)
        return self.append(aside, QUARANTINE.name)

    def account(self, account: Account, version: int, seconds: float) -> Account:
        """Stores the accounting of the batch once, and checks it."""
        row = [
            (
                self.batch.table,
                self.batch.query,
                self.batch.number,
                version,
                account.landed,
                account.kept,
                account.quarantined,
                account.duplicate,
                account.dropped,
                dict(account.rules),
                seconds,
            )
        ]
        schema = BATCHES.schema.replace("finished_at TIMESTAMP, ", "")
        rows = self.lake.spark.createDataFrame(row, schema).withColumn(
            "finished_at", F.current_timestamp()
        )
        self.lake.ensure(BATCHES)
        self._save(rows.select(*BATCHES.columns), BATCHES.name, None, {})
        return account.check(self.batch)

    def _save(
        self, rows: DataFrame, name: str, counted: Account | None, options: Mapping[str, str]
    ) -> None:
        writer = (
            rows.write.format("delta")
            .mode("overwrite" if "replaceWhere" in options else "append")
            .option("txnAppId", self.batch.app)
            .option("txnVersion", self.batch.number)
            .option("userMetadata", note(self.batch, counted or Account(-1, -1)))
            .options(**options)
        )
        if self.lake.place.catalog:
            writer.saveAsTable(self.lake.place.table(name))
        else:
            writer.save(self.lake.place.folder(name))

    def _own(self, name: str) -> Commit:
        found = self.committed(name)
        if found is None:
            raise LakehouseError(
                f"the commit of batch {self.batch.number} is not in its history",
                name,
                "is another program writing to this table? run again: a replay is harmless",
            )
        return found[0]

    def _wrote(self, name: str) -> int:
        return self._own(name).metrics.get("numOutputRows", 0)


def merged(metrics: Mapping[str, int]) -> int:
    """Rows that a MERGE (or the append in its place) added or changed."""
    if "numTargetRowsInserted" not in metrics:
        return metrics.get("numOutputRows", 0)
    return metrics["numTargetRowsInserted"] + metrics["numTargetRowsUpdated"]
