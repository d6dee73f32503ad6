"""What every declared table must hold, told where it does not.

Data flows down: a table reads its own layer or the one above it, and only bronze reads sources. A
way of writing follows only what it can follow row for row, so that the table does not depend on
where batches end:

| way | may follow |
|---|---|
| `Append`, `Replace`, `History`, `Events` | a source, or a table to which rows are only added: by \
`Append`, `Events`, `Sessions` or `Windows` |
| `Merge` | these, or a `Merge` table with the same keys |
| `Sessions`, `Windows` | tables of `Events` |
| `Rebuild` | any table: it computes partitions anew, deletes included |
"""

from __future__ import annotations

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.declare.column_laws import (
    leaves_columns_to_its_way,
    names_its_columns,
    waits_for_events,
)
from lakehouse.declare.declared import Table
from lakehouse.declare.events import Waiting
from lakehouse.declare.schema import check_columns
from lakehouse.declare.select import Select
from lakehouse.declare.source import Source
from lakehouse.declare.writes import Growing, Merge, Rebuild

LAYERS = ("bronze", "silver", "gold")
"""From the source down."""

OPS = "ops"
"""The layer of the tables that the lake keeps about itself."""


def check(table: Table) -> None:
    """Raise LakehouseError for the first law that a table breaks."""
    _has_a_layer(table)
    check_columns(table.schema, table.name)
    leaves_columns_to_its_way(table)
    _names_each_rule_once(table)
    _filters_by_a_condition(table)
    _reads_downwards(table)
    _selects_from_what_it_reads(table)
    names_its_columns(table)
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


def _follows_what_it_reads(table: Table) -> None:
    write = table.write
    if table.transform is None or not table.reads:
        return
    if isinstance(write, Rebuild):
        if not table.watched:
            raise LakehouseError(
                f"no table it reads has the column {write.partition!r}",
                table.name,
                "rebuild by a partition that its reads have",
            )
        return
    if isinstance(write, Waiting):
        waits_for_events(table, write)
        return
    first = table.reads[0]
    if isinstance(first, Source) or isinstance(first.write, Growing):
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
    if table.transform is None or isinstance(table.write, Rebuild | Waiting):
        by = "a job writes" if table.transform is None else f"{type(table.write).__name__} writes"
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
