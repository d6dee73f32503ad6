"""Writing on behalf of a batch: each commit says which batch it is of, and happens once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from delta.tables import DeltaMergeBuilder
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.lake.account import Account, Batch, note, noted
from lakehouse.lake.lake import Lake
from lakehouse.lake.log import Commit
from lakehouse.lake.ops import BATCHES, QUARANTINE

USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"


@dataclass(frozen=True)
class Writer:
    """Writes what one batch makes, through that batch's own session.

    `rerun`: an earlier run began this batch and did not finish it, so that anything of it may be
    there already.
    """

    lake: Lake
    batch: Batch
    rerun: bool = False

    def committed(self, name: str) -> tuple[Commit, dict[str, Any]] | None:
        """This batch's commit to a table and what it noted, if it is there."""
        for commit in self.lake.commits(name):
            if own := noted(commit.metadata, self.batch):
                return commit, own
        return None

    def append(self, rows: DataFrame, name: str, account: Account | None = None) -> int:
        """Adds rows, once a batch. Returns how many the commit says it wrote."""
        self._save(rows, name, note(self.batch, account))
        return self._written(name)

    def replace(
        self, rows: DataFrame, name: str, where: str, account: Account | None = None
    ) -> int:
        """Puts rows in the place of those that match `where`. Returns how many it wrote."""
        self._save(rows, name, note(self.batch, account), {"replaceWhere": where})
        return self._written(name)

    def merge(
        self, rows: DataFrame, name: str, same: Column, newer: Column, account: Account
    ) -> tuple[int, int]:
        """Merges rows (`new`) into a table (`held`). Returns how many were (inserted, updated).

        `same` matches the rows of a key, `newer` says which of those takes the held row's place.
        """
        merge = self._onto(rows, name, same).whenMatchedUpdateAll(condition=newer)
        counts = self._merged(rows, merge.whenNotMatchedInsertAll(), account)
        return counts["num_inserted_rows"], counts["num_updated_rows"]

    def upsert(
        self, rows: DataFrame, name: str, same: Column, gone: Column, account: Account
    ) -> None:
        """Puts rows (`new`) in the place of those of the same key; `gone`: takes these away."""
        values: dict[str, str | Column] = {
            column: F.col(f"new.`{column}`") for column in self.lake.read(name).columns
        }
        merge = self._onto(rows, name, same).whenMatchedDelete(condition=gone)
        merge = merge.whenMatchedUpdate(set=values)
        self._merged(rows, merge.whenNotMatchedInsert(condition=~gone, values=values), account)

    def quarantine(self, rows: DataFrame) -> None:
        """Sets rows aside: `rules` they break, the `row` as JSON and the `record` as it came.

        A rerun puts them in the place of what the run before it set aside: a rule may have been
        changed since.
        """
        self.lake.ensure(QUARANTINE)
        aside = rows.select(
            F.lit(self.batch.table).alias("table"),
            F.lit(self.batch.query).alias("query"),
            F.lit(self.batch.number).cast("bigint").alias("batch"),
            "rules",
            "row",
            "record",
            F.current_timestamp().alias("quarantined_at"),
        )
        metadata = note(self.batch, None)
        if self.rerun:
            same = (
                f"table = '{self.batch.table}' AND query = '{self.batch.query}' "
                f"AND batch = {self.batch.number}"
            )
            self._save(aside, QUARANTINE.name, metadata, {"replaceWhere": same}, once=False)
        else:
            self._save(aside, QUARANTINE.name, metadata, once=False)

    def account(self, account: Account, version: int, seconds: float) -> Account:
        """Stores the account of the batch, once, and checks it.

        Raises LakehouseError where a row is unaccounted for. What a rerun finds written already
        can no longer be refused: it is noted, and the batch is over.
        """
        row = [
            (
                *(self.batch.table, self.batch.query, self.batch.number, version),
                *(account.landed, account.kept, account.quarantined),
                *(account.duplicate, account.dropped, dict(account.rules), seconds),
            )
        ]
        schema = BATCHES.schema.replace("finished_at TIMESTAMP, ", "")
        rows = self.lake.spark.createDataFrame(row, schema).withColumn(
            "finished_at", F.current_timestamp()
        )
        self.lake.ensure(BATCHES)
        self._save(rows.select(*BATCHES.columns), BATCHES.name, note(self.batch, None))
        try:
            return account.check(self.batch)
        except LakehouseError as error:
            if not self.rerun:
                raise
            progress.emit(progress.Event("table", self.batch.table, "note", detail=error.what))
            return account

    def _save(
        self,
        rows: DataFrame,
        name: str,
        metadata: str,
        options: Mapping[str, str] | None = None,
        once: bool = True,
    ) -> None:
        """Writes rows in one commit; `once`: Delta passes over a batch that it has already."""
        replaces = "replaceWhere" in (options or {})
        writer = (
            rows.write.format("delta")
            .mode("overwrite" if replaces else "append")
            .option("userMetadata", metadata)
            .options(**(options or {}))
        )
        if once:
            writer = writer.option("txnAppId", self.batch.app)
            writer = writer.option("txnVersion", self.batch.number)
        if self.lake.place.catalog:
            writer.saveAsTable(self.lake.place.table(name))
        else:
            writer.save(self.lake.place.folder(name))

    def _onto(self, rows: DataFrame, name: str, same: Column) -> DeltaMergeBuilder:
        return self.lake.delta(name).alias("held").merge(rows.alias("new"), same)

    def _merged(self, rows: DataFrame, merge: DeltaMergeBuilder, account: Account) -> Row:
        # A MERGE takes its note from the session, and a batch's session is its own.
        conf = rows.sparkSession.conf
        conf.set(USER_METADATA, note(self.batch, account))
        try:
            return merge.execute().collect()[0]
        finally:
            conf.unset(USER_METADATA)

    def _written(self, name: str) -> int:
        own = self.committed(name)
        if own is None:
            raise LakehouseError(
                f"the commit of batch {self.batch.number} is not in its history",
                name,
                "is another program writing to this table? run again: a rerun changes nothing",
            )
        return own[0].metrics.get("numOutputRows", 0)


def merged(metrics: Mapping[str, int]) -> int:
    """Rows that a MERGE (or the append in its place) added or changed."""
    if "numTargetRowsInserted" not in metrics:
        return metrics.get("numOutputRows", 0)
    return metrics["numTargetRowsInserted"] + metrics["numTargetRowsUpdated"]
