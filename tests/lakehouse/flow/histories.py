"""Tables of versions that are small enough to read, and what their versions are by a slow way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lakehouse import Expectation, History, Table
from lakehouse.flow.commit import commit
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.write import Writer

SCHEMA = "shop STRING, item INT, name STRING, price INT, since INT"
LANDED = f"{SCHEMA}, deleted BOOLEAN"
KEYS = ("shop", "item")

Event = tuple[str | None, int | None, str | None, int | None, int, bool]
"""Shop, item, name, price, time, and whether the thing is gone by then."""
Version = tuple[Any, ...]
"""A row of the table."""


def things(snapshots: bool = False, gone: str | None = "deleted", **more: Any) -> Table:
    """What a shop sells: its name and price at a time."""
    return Table(
        "silver.things",
        SCHEMA,
        transform=lambda rows: rows,
        write=History(KEYS, "since", gone, snapshots),
        **more,
    )


def is_called(item: int | None, name: str | None, since: int | None) -> tuple[Any, ...]:
    """An event: from then on a thing is called so."""
    return ("x", item, name, 1, since, False)


def is_gone(item: int | None, since: int | None) -> tuple[Any, ...]:
    """An event: from then on there is no such thing."""
    return ("x", item, None, None, since, True)


def arrive(lake: Lake, table: Table, *batches: Iterable[Sequence[Any]], first: int = 0) -> Account:
    """Writes batches one after the other; returns the sum of their accounts."""
    lake.ensure(table)
    accounts = []
    for number, rows in enumerate(batches, first):
        landed = lake.spark.createDataFrame(list(rows), LANDED)
        writer = Writer(lake, Batch(table.name, "q", number))
        accounts.append(commit(writer, table, landed))
        accounts[-1].check(writer.batch)
    names = ("landed", "kept", "quarantined", "duplicate", "dropped", "passed_over")
    return Account(*(sum(getattr(each, name) for each in accounts) for name in names))


def versions(lake: Lake, table: Table) -> list[Version]:
    """All that the table holds, in order."""
    return ordered(tuple(row) for row in lake.read(table.name).collect())


def spans(lake: Lake, table: Table) -> list[tuple[Any, ...]]:
    """Of each version the item, what it is called, from when on and until when."""
    rows = lake.read(table.name).select("item", "name", "since", "valid_to").collect()
    return sorted((tuple(row) for row in rows), key=lambda row: (row[0], row[2]))


def ordered(rows: Iterable[Version]) -> list[Version]:
    return sorted(rows, key=str)


LONG = Expectation("a name is short", "length(name) < 9")


def by_the_slow_way(
    events: Iterable[Event], hashes: Mapping[tuple[Any, ...], int], snapshots: bool = False
) -> list[Version]:
    """The versions that these events make, found by walking through time for each thing."""
    chosen: dict[tuple[Any, ...], dict[int, tuple[Any, ...] | None]] = {}
    for shop, item, name, price, since, gone in events:
        told = chosen.setdefault((shop, item), {})
        if gone or (since in told and told[since] is None):
            told[since] = None
        elif since not in told or hashes[name, price] < hashes[told[since]]:  # type: ignore[index]
            told[since] = (name, price)
    times = sorted({since for told in chosen.values() for since in told})
    rows: list[Version] = []
    for key, told in chosen.items():
        own: list[dict[str, Any]] = []
        early: list[int] = []
        is_open = False
        for time in times:
            if time not in told:
                if snapshots and is_open:
                    own[-1]["until"], is_open = time, False
            elif (values := told[time]) is None:
                if is_open:
                    own[-1]["until"], is_open = time, False
                (own[-1]["gone"] if own else early).append(time)
            elif is_open and own[-1]["values"] == values:
                own[-1]["stated"].append(time)
            else:
                if is_open:
                    own[-1]["until"] = time
                is_open = True
                own.append({"values": values, "stated": [time], "gone": [], "until": None})
        if own:
            own[0]["gone"] = early + own[0]["gone"]
        else:
            rows.append((*key, None, None, early[0], early[0], False, [], early))
        rows += [
            (
                *key,
                *each["values"],
                each["stated"][0],
                each["until"],
                each["until"] is None,
                each["stated"],
                each["gone"],
            )
            for each in own
        ]
    return ordered(rows)
