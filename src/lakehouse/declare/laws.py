"""What every declared table must hold, told where it does not.

Data flows down: a table reads its own layer or the one above it, and only bronze reads sources. A
way of writing follows only what it can follow row for row, so that the table does not depend on
where batches end:

| way | may follow |
|---|---|
| `Append`, `Replace`, `History` | a source, or an `Append` table: nothing there is taken back |
| `Merge` | these, or a `Merge` table with the same keys |
| `Rebuild` | any table: it computes partitions anew, deletes included |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.declare.schema import check_columns, columns, word
from lakehouse.declare.select import Select
from lakehouse.declare.source import Source
from lakehouse.declare.writes import ADDED, Append, History, Merge, Rebuild, Write


class Table(Protocol):
    """What the laws look at of a table."""

    @property
    def name(self) -> str:
        """`layer.name`."""

    @property
    def layer(self) -> str:
        """What stands before the point."""

    @property
    def schema(self) -> str:
        """The contract, as DDL."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns."""

    @property
    def reads(self) -> Sequence[Any]:
        """Sources and tables."""

    @property
    def transform(self) -> Any:
        """What makes its rows; None where a job does."""

    @property
    def rules(self) -> Sequence[Any]:
        """The rules of its rows, its own and those that come with the way it is written."""

    @property
    def where(self) -> str | None:
        """The condition that its rows are filtered by; None where all are its own."""

    @property
    def write(self) -> Write:
        """How it may change."""

    @property
    def keeps_records(self) -> bool:
        """Whether it has every record of its source as it landed."""

    @property
    def one_to_many(self) -> bool:
        """Whether a landed row may become several."""

    @property
    def followed(self) -> Any:
        """The `Merge` table that it follows key by key; None if it follows none."""

    @property
    def watched(self) -> Sequence[Any]:
        """The tables whose changes a `Rebuild` follows."""


LAYERS = ("bronze", "silver", "gold")
"""From the source down."""

OPS = "ops"
"""The layer of the tables that the lake keeps about itself."""

WHOLE = ("TINYINT", "SMALLINT", "INT", "INTEGER", "BIGINT", "LONG")
TIMES = ("TIMESTAMP", "TIMESTAMP_LTZ", "DATE")


def check(table: Table) -> None:
    """Raise LakehouseError for the first law that a table breaks."""
    _has_a_layer(table)
    check_columns(table.schema, table.name)
    _leaves_columns_to_its_history(table)
    _names_each_rule_once(table)
    _filters_by_a_condition(table)
    _reads_downwards(table)
    _selects_from_what_it_reads(table)
    _names_its_columns(table)
    _follows_what_it_reads(table)
    _counts_what_it_multiplies(table)
    _keeps_what_may_be_redelivered(table)


def _has_a_layer(table: Table) -> None:
    layer, dot, short = table.name.partition(".")
    if layer not in (*LAYERS, OPS) or not dot or not short:
        known = did_you_mean(layer, LAYERS)
        raise LakehouseError(
            f"table {table.name!r} is in no layer", table.name, f"{known} Write it as layer.name"
        )


def _names_each_rule_once(table: Table) -> None:
    names = [rule.name for rule in table.rules]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise LakehouseError(
            f"two expectations are called {twice[0]!r}", table.name, "they are counted by name"
        )


def _filters_by_a_condition(table: Table) -> None:
    if table.where is None:
        return
    if not table.where.strip():
        raise LakehouseError(
            "a where without a condition",
            table.name,
            "give the SQL condition of the rows that are the table's, or leave it out",
        )
    if table.transform is None:
        raise LakehouseError(
            "a where on a table that a job writes", table.name, "let the job leave the rows out"
        )


def _reads_downwards(table: Table) -> None:
    for read in table.reads:
        if isinstance(read, Source):
            if table.layer != LAYERS[0]:
                raise LakehouseError(
                    f"a {table.layer} table cannot read the source {read.name!r}",
                    table.name,
                    f"land it in bronze first: bronze({read.name.upper()})",
                )
            continue
        above = LAYERS.index(table.layer) - 1 if table.layer in LAYERS else -1
        allowed = (*LAYERS[max(above, 0) : above + 1], table.layer)
        if read.layer not in allowed:
            raise LakehouseError(
                f"a {table.layer} table cannot read {read.name}",
                table.name,
                f"data flows down: read {' or '.join(allowed)}",
            )


def _selects_from_what_it_reads(table: Table) -> None:
    """What a SELECT names is what the table reads: lineage and the order of runs come from that."""
    if isinstance(table.transform, Select):
        table.transform.check(table.name)


def _names_its_columns(table: Table) -> None:
    write = table.write
    names: tuple[str, ...]
    match write:
        case Append():
            names = (write.partition,) if write.partition else ()
        case Merge():
            names = (*write.keys, *((write.newest_by,) if write.newest_by else ()))
            _has_keys(table, write)
        case History():
            names = (*write.keys, write.sequence_by)
            _has_keys(table, write)
        case _:
            newest_by = getattr(write, "newest_by", None)
            names = (write.partition, *((newest_by,) if newest_by else ()))
    for name in names:
        if name not in table.columns:
            raise LakehouseError(
                f"{type(write).__name__} names the column {name!r}, which the schema does not have",
                table.name,
                did_you_mean(name, table.columns),
            )
    if isinstance(write, History):
        _has_a_sequence(table, write)


def _has_keys(table: Table, write: Merge | History) -> None:
    if not write.keys:
        way = type(write).__name__
        raise LakehouseError(f"a {way} has no keys", table.name, "name at least one column")


def _has_a_sequence(table: Table, write: History) -> None:
    at = write.sequence_by
    kind = word(dict(columns(table.schema))[at])
    if kind not in (*TIMES, *WHOLE):
        raise LakehouseError(
            f"History is sequenced by a time or a whole number; {at!r} is {kind}",
            table.name,
            "make a TIMESTAMP, a DATE or a BIGINT of it",
        )
    if at in write.keys:
        raise LakehouseError(
            f"History is sequenced by {at!r}, which is one of its keys: nothing has two versions",
            table.name,
            "leave it out of the keys",
        )


def _leaves_columns_to_its_history(table: Table) -> None:
    write = table.write
    if not isinstance(write, History):
        return
    held = {name.casefold(): name for name in table.columns}
    if taken := [held[name] for name in ADDED if name in held]:
        raise LakehouseError(
            f"the schema has the column {taken[0]!r}, which History adds by itself",
            table.name,
            f"name it otherwise: a table of versions has {', '.join(ADDED)} of its own",
        )
    if write.gone is not None and write.gone.casefold() in held:
        raise LakehouseError(
            f"the schema has the column {write.gone!r}, which says that a thing is gone",
            table.name,
            "leave it out of the schema: the transform makes it, and the table does not keep it",
        )


def _follows_what_it_reads(table: Table) -> None:
    write = table.write
    if table.transform is None or not table.reads:
        return
    if isinstance(write, Rebuild):
        kind = dict(columns(table.schema))[write.partition]
        if kind.upper().split()[0] not in WHOLE:
            raise LakehouseError(
                f"Rebuild needs a partition of whole numbers; {write.partition!r} is {kind}",
                table.name,
                "number the partitions, such as weeks or days",
            )
        if not table.watched:
            raise LakehouseError(
                f"no table it reads has the column {write.partition!r}",
                table.name,
                "rebuild by a partition that its reads have",
            )
        return
    first = table.reads[0]
    if isinstance(first, Source) or isinstance(first.write, Append):
        return
    follows = (
        isinstance(write, Merge)
        and isinstance(first.write, Merge)
        and set(write.keys) == set(first.write.keys)
    )
    if not follows:
        raise LakehouseError(
            f"{type(write).__name__} cannot follow {first.name}, which is written by "
            f"{type(first.write).__name__}: rows that are changed or taken away there would stay",
            table.name,
            "write it by Rebuild, or by Merge with the keys of the Merge table it reads",
        )


def _counts_what_it_multiplies(table: Table) -> None:
    if not table.one_to_many:
        return
    if table.followed:
        raise LakehouseError(
            f"one_to_many on a Merge that follows {table.followed.name} by its keys",
            table.name,
            "a row there is one row here; write it by Rebuild to make more of it",
        )
    if table.transform is None or isinstance(table.write, Rebuild):
        by = "a job writes" if table.transform is None else "Rebuild writes"
        raise LakehouseError(
            f"one_to_many on a table that {by}", table.name, "leave it out: made rows are counted"
        )


def _keeps_what_may_be_redelivered(table: Table) -> None:
    source = table.reads[0] if table.reads else None
    if not isinstance(source, Source) or source.redelivered == "refuse":
        return
    if not table.keeps_records:
        raise LakehouseError(
            f"the source {source.name!r} has redelivered={source.redelivered!r}, and this table "
            "does not keep its records as they landed: what is new in a file could not be told",
            table.name,
            f"read it by bronze({source.name.upper()}), and judge its rows in silver",
        )
