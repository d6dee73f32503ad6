"""What the columns must be that a way of writing names, and which names it keeps for itself."""

from __future__ import annotations

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.declare.declared import Table
from lakehouse.declare.events import IS_LATE, Events, Sessions, Waiting, Windows
from lakehouse.declare.schema import columns, word
from lakehouse.declare.writes import ADDED, Append, History, Merge, Rebuild, Replace, Write

WHOLE = ("TINYINT", "SMALLINT", "INT", "INTEGER", "BIGINT", "LONG")
MOMENTS = ("TIMESTAMP", "TIMESTAMP_LTZ")
TIMES = (*MOMENTS, "DATE")


def names_its_columns(table: Table) -> None:
    """Raise LakehouseError where a way of writing names a column that its table does not have, or
    one of a type that it cannot use."""
    write = table.write
    for name in _named(table.write):
        if name not in table.columns:
            raise LakehouseError(
                f"{type(write).__name__} names the column {name!r}, which the schema does not have",
                table.name,
                did_you_mean(name, table.columns),
            )
    match write:
        case Merge() | History():
            _has_keys(table, write)
        case Rebuild(partition=partition):
            kind = dict(columns(table.schema))[partition]
            if word(kind) not in WHOLE and table.transform is not None and table.reads:
                raise LakehouseError(
                    f"Rebuild needs a partition of whole numbers; {partition!r} is {kind}",
                    table.name,
                    "number the partitions, such as weeks or days",
                )
        case Events(at=at, arrived=arrived):
            for name in (at, arrived):
                _is_a_moment(table, name)
    if isinstance(write, History):
        _has_a_sequence(table, write)


def _named(write: Write) -> tuple[str, ...]:
    """The columns of its own table that a way of writing names."""
    match write:
        case Append(partition=partition):
            return (partition,) if partition else ()
        case Merge(keys=keys, newest_by=newest_by):
            return (*keys, newest_by) if newest_by else keys
        case History(keys=keys, sequence_by=at):
            return (*keys, at)
        case Replace(partition=partition, newest_by=newest_by):
            return (partition, newest_by)
        case Rebuild(partition=partition):
            return (partition,)
        case Events(at=at, keys=keys, arrived=arrived):
            return (at, *keys, arrived)
        case Sessions() | Windows():
            return ()


def _is_a_moment(table: Table, name: str) -> None:
    kind = word(dict(columns(table.schema))[name])
    if kind not in MOMENTS:
        raise LakehouseError(
            f"an event has a TIMESTAMP; {name!r} is {kind}",
            table.name,
            f"make one of it: try_cast({name} AS TIMESTAMP)",
        )


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


def leaves_columns_to_its_way(table: Table) -> None:
    """Raise LakehouseError where the schema has a column that comes with the way of writing."""
    held = {name.casefold(): name for name in table.columns}
    own: tuple[str, ...]
    match table.write:
        case History(gone=gone):
            own, what = ADDED, "a table of versions"
            if gone is not None and gone.casefold() in held:
                raise LakehouseError(
                    f"the schema has the column {gone!r}, which says that a thing is gone",
                    table.name,
                    "leave it out of the schema: the transform makes it, and the table does not "
                    "keep it",
                )
        case Events():
            own, what = (IS_LATE,), "a table of events"
        case _:
            return
    if taken := [held[name] for name in own if name in held]:
        raise LakehouseError(
            f"the schema has the column {taken[0]!r}, which {type(table.write).__name__} adds by "
            "itself",
            table.name,
            f"name it otherwise: {what} has {', '.join(own)} of its own",
        )


def waits_for_events(table: Table, write: Waiting) -> None:
    """Raise LakehouseError where nothing says when a window is over, or tells sessions apart."""
    way = type(write).__name__
    if not table.watched:
        raise LakehouseError(
            f"{way} waits for events, and none of its reads is written by Events",
            table.name,
            "read a table of Events, which says how long it waits for them",
        )
    if not isinstance(write, Sessions):
        return
    for read, name in ((read, name) for read in table.watched for name in write.by):
        if name not in read.columns:
            raise LakehouseError(
                f"Sessions are told apart by {name!r}, which {read.name} does not have",
                table.name,
                did_you_mean(name, read.columns),
            )
