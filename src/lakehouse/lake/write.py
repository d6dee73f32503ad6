"""Writing on behalf of a batch: each commit says which batch it is of, and happens once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.schema import quoted
from lakehouse.lake.account import COUNTS, Account, Batch, Entry, entry
from lakehouse.lake.add import add
from lakehouse.lake.lake import Lake
from lakehouse.lake.log import Commit
from lakehouse.lake.ops import BATCHES, QUARANTINE
from lakehouse.lake.save import save


@dataclass(frozen=True)
class Writer:
    """Writes what one batch makes, through that batch's own session.

    `rerun`: an earlier run began this batch and did not finish it, so that anything of it may be
    there already.
    """

    lake: Lake
    batch: Batch
    rerun: bool = False

    def committed(self, name: str) -> tuple[Commit, Entry] | None:
        """This batch's commit to a table and what that says of itself, if it is there."""
        for commit in self.lake.commits(name):
            own = entry(commit.metadata)
            if own and own.batch == self.batch:
                return commit, own
        return None

    def append(
        self,
        rows: DataFrame,
        name: str,
        account: Account | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> int:
        """Adds rows, once a batch, and notes the `state` of the table by then. Returns how many
        rows the commit says it wrote."""
        self._save(rows, name, Entry(self.batch, account, state=state))
        return self._written(name)

    def replace(
        self, rows: DataFrame, name: str, where: str, account: Account | None = None
    ) -> int:
        """Puts rows in the place of those that match `where`. Returns how many it wrote.

        It needs none of Delta's transactions, for which the state of the table would be read: done
        twice, it puts the same rows in the place of the same, and of two at a time one is refused.
        """
        self._save(rows, name, Entry(self.batch, account), where, once=False)
        return self._written(name)

    def merge(self, rows: DataFrame, name: str, same: str, newer: str) -> int:
        """Merges rows (`new`) into a table (`held`). Returns how many were inserted or updated.

        `same` is SQL that matches the rows of a key, `newer` says which of those takes the held
        row's place. Harmless to repeat: of equal rows none is newer. A MERGE carries no note, for
        serverless takes none, so a rerun counts what its earlier run merged by `unaccounted`.
        """
        updates, inserts = _stored(rows.columns)
        merged = self._merge(
            rows,
            name,
            same,
            f"WHEN MATCHED AND {newer} THEN {updates} WHEN NOT MATCHED THEN {inserts}",
        )
        return int(merged["num_inserted_rows"] + merged["num_updated_rows"])

    def upsert(self, rows: DataFrame, name: str, same: str, gone: str) -> None:
        """Puts rows (`new`) in the place of those of the same key, but those for which their
        column `gone` is true: these are taken away."""
        updates, inserts = _stored([name for name in rows.columns if name != gone])
        away = f"new.{quoted(gone)}"
        self._merge(
            rows,
            name,
            same,
            f"WHEN MATCHED AND {away} THEN DELETE WHEN MATCHED THEN {updates} "
            f"WHEN NOT MATCHED AND NOT {away} THEN {inserts}",
        )

    def unaccounted(self, name: str) -> int:
        """Rows that MERGEs added or changed since the last account of the table.

        A table has one writer, and every batch of it that was finished has an account: these are
        of the batch that an earlier run began. All of them where the table has no account yet.
        """
        if not self.rerun:
            return 0
        last = self._accounts().agg(F.max("version")).collect()[0][0]
        first = 0 if last is None else last + 1
        since = takewhile(lambda commit: commit.version >= first, self.lake.commits(name))
        return sum(merged(commit.metrics) for commit in since if commit.operation == "MERGE")

    def accounted(self) -> Account | None:
        """The account of this batch that an earlier run stored."""
        own = (F.col("query") == self.batch.query) & (F.col("batch") == self.batch.number)
        stored = self._accounts().where(own & F.col("release").isNull()).collect()
        if not stored:
            return None
        row = stored[0]
        return Account(**{name: row[name] or 0 for name in COUNTS}, rules=row["rules"] or {})

    def _accounts(self) -> DataFrame:
        self.lake.ensure(BATCHES)
        return self.lake.read(BATCHES.name).where(F.col("table") == self.batch.table)

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
            "arrived_at",
            F.lit(None).cast("bigint").alias("release"),
        )
        about = Entry(self.batch)
        if self.rerun:
            same = (
                f"table = '{self.batch.table}' AND query = '{self.batch.query}' "
                f"AND batch = {self.batch.number}"
            )
            self._save(aside, QUARANTINE.name, about, same, once=False)
        else:
            self._save(aside, QUARANTINE.name, about, once=False)

    def account(
        self, account: Account, version: int, seconds: float, notes: Sequence[str] = ()
    ) -> None:
        """Stores the account of the batch, once, with notes of what was odd about it.

        Raises LakehouseError where a row is unaccounted for. What a rerun finds written already
        can no longer be refused: the batch is over, and its account says what is missing.
        """
        values = {
            "table": self.batch.table,
            "query": self.batch.query,
            "batch": self.batch.number,
            "version": version,
            **{name: getattr(account, name) for name in COUNTS},
            "seconds": seconds,
            "files_read": account.files_read,
            "files_skipped": account.files_skipped,
        }
        about = str(Entry(self.batch, account, tuple(notes)))
        rows = [{**values, "rules": dict(account.rules)}]
        once = (self.batch.app, self.batch.number)
        add(self.lake, BATCHES, rows, now="finished_at", about=about, once=once)
        if not self.rerun:
            account.check(self.batch)

    def move(
        self, accounts: Mapping[tuple[str, int], Account], version: int, seconds: float
    ) -> None:
        """Moves rows in the accounts of earlier batches (query, number), once: each account here is
        what is to be added to that of its batch, and sums to 0."""
        values = [
            {
                "table": self.batch.table,
                "query": query,
                "batch": number,
                "version": version,
                **{name: getattr(account, name) for name in COUNTS},
                "rules": dict(account.rules),
                "seconds": seconds / len(accounts),
                "release": self.batch.number,
            }
            for (query, number), account in accounts.items()
        ]
        once = (self.batch.app, self.batch.number)
        add(self.lake, BATCHES, values, now="finished_at", once=once)

    def _save(
        self, rows: DataFrame, name: str, about: Entry, where: str = "", once: bool = True
    ) -> None:
        """Writes rows in one commit, in the place of those that match `where` if it is given.

        `once`: Delta passes over a batch that it has already.
        """
        options = {"userMetadata": str(about)}
        if once:
            options |= {"txnAppId": self.batch.app, "txnVersion": str(self.batch.number)}
        save(self.lake, rows, name, options, where)

    def _merge(self, rows: DataFrame, name: str, same: str, actions: str) -> Row:
        # A braced name stands for a DataFrame: braces of the text itself are doubled.
        table, same, actions = (
            text.replace("{", "{{").replace("}", "}}")
            for text in (self.lake.place.table(name), same, actions)
        )
        merge = f"MERGE INTO {table} AS held USING {{rows}} AS new ON {same} {actions}"
        return rows.sparkSession.sql(merge, rows=rows).collect()[0]

    def _written(self, name: str) -> int:
        own = self.committed(name)
        if own is None:
            raise LakehouseError(
                f"the commit of batch {self.batch.number} is not in its history",
                name,
                "is another program writing to this table? run again: a rerun changes nothing",
            )
        return own[0].metrics.get("numOutputRows", 0)


def _stored(names: Sequence[str]) -> tuple[str, str]:
    """SQL that updates and that inserts these columns. Not `*`: Delta would want each column that
    the table still has of an earlier contract, and takes no backtick in a name."""
    columns = [quoted(name) for name in names]
    values = [f"new.{column}" for column in columns]
    sets = ", ".join(f"held.{c} = {v}" for c, v in zip(columns, values, strict=True))
    return f"UPDATE SET {sets}", f"INSERT ({', '.join(columns)}) VALUES ({', '.join(values)})"


def merged(metrics: Mapping[str, int]) -> int:
    """Rows that a MERGE (or the append in its place) added or changed."""
    if "numTargetRowsInserted" not in metrics:
        return metrics.get("numOutputRows", 0)
    return metrics["numTargetRowsInserted"] + metrics["numTargetRowsUpdated"]
