"""Clicks of visitors and what they bought, few enough to read: tables of events, of sessions and of
sliding windows, and what these are by a slow way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from lakehouse import Events, Sessions, Table, Windows
from lakehouse.declare.events import Waiting
from lakehouse.flow.commit import commit, commit_ended
from lakehouse.flow.waiting import AT, LATE, READ, arrived_in
from lakehouse.lake import Account, Batch, Lake
from lakehouse.lake.account import COUNTS
from lakehouse.lake.write import Writer

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Click = tuple[str | None, str | None, int | None, int]
"""Visitor, page, the minute of the click and that of its arrival."""

MIDNIGHT = datetime(2024, 5, 1)
DELAY, GAP = 60, 30
"""Minutes."""

LANDED = "visitor STRING, page STRING, at TIMESTAMP, arrived_at TIMESTAMP"

RAW = Table("bronze.clicks", LANDED)
CLICKS = Table(
    name="silver.clicks",
    schema=LANDED,
    reads=(RAW,),
    transform=lambda rows: rows,
    write=Events(at="at", delay=f"{DELAY} minutes", keys=("visitor", "page")),
)


def visited(clicks: DataFrame) -> DataFrame:
    return clicks.groupBy("visitor", "_window").agg(
        F.min("at").alias("first"),
        F.max("at").alias("last"),
        F.count("*").alias("clicks"),
        F.array_join(F.array_sort(F.collect_list("page")), "").alias("pages"),
    )


SESSIONS = Table(
    name="silver.sessions",
    schema="visitor STRING, first TIMESTAMP, last TIMESTAMP, clicks BIGINT, pages STRING",
    reads=(CLICKS,),
    transform=visited,
    write=Sessions(by=("visitor",), gap=f"{GAP} minutes"),
)


def by_window(clicks: DataFrame) -> DataFrame:
    return clicks.groupBy("_window.start", "page").agg(F.count("*").alias("clicks"))


BUSY = Table(
    name="gold.busy",
    schema="start TIMESTAMP, page STRING, clicks BIGINT",
    reads=(CLICKS,),
    transform=by_window,
    write=Windows(size="20 minutes", every="10 minutes"),
)

TABLES = (CLICKS, SESSIONS, BUSY)


def minute(number: int) -> datetime:
    """A moment, by the minutes since midnight."""
    return MIDNIGHT + timedelta(minutes=number)


def arrive(lake: Lake, clicks: Iterable[Click], into: Table = RAW) -> None:
    """Adds clicks to the table that the events are read from."""
    lake.ensure(into)
    frame = lake.spark.createDataFrame(_landed(clicks), LANDED).coalesce(1)
    frame.write.format("delta").mode("append").save(lake.place.folder(into.name))


def take(
    lake: Lake,
    *batches: Iterable[Click],
    tables: Sequence[Table] = TABLES,
    first: int = 0,
    rerun: bool = False,
) -> dict[str, Account]:
    """Writes batches of clicks, one after the other, and what waits for them, without a query; the
    sum of their accounts. `first`: the number of the first of them; `rerun`: they were written."""
    total: dict[str, Account] = {}
    for table in tables:
        lake.ensure(table)
    for number, batch in enumerate(batches, first):
        before = lake.version(CLICKS.name)
        clicks = lake.spark.createDataFrame(_landed(batch), LANDED)
        accounts = [commit(_writer(lake, CLICKS, number, rerun), CLICKS, clicks)]
        new = lake.read(CLICKS.name).exceptAll(lake.read(CLICKS.name, before))
        time = F.unix_micros("at").alias(AT)
        arrived = arrived_in(new.select(F.lit(0).alias(READ), time, F.col("is_late").alias(LATE)))
        for table in tables[1:]:
            assert isinstance(table.write, Waiting)
            accounts.append(
                commit_ended(_writer(lake, table, number, rerun), table, table.write, arrived)
            )
        for table, account in zip(tables, accounts, strict=True):
            assert not account.fault
            total[table.name] = added(total.get(table.name, Account(0, 0)), account)
    return total


def _writer(lake: Lake, table: Table, number: int, rerun: bool) -> Writer:
    return Writer(lake, Batch(table.name, "q", number), rerun)


def _landed(clicks: Iterable[Click]) -> list[tuple[Any, ...]]:
    return [
        (visitor, page, None if at is None else minute(at), minute(arrived))
        for visitor, page, at, arrived in clicks
    ]


def added(one: Account, other: Account) -> Account:
    """Two accounts as one, without their rules."""
    return Account(**{name: getattr(one, name) + getattr(other, name) for name in COUNTS})


def rows(lake: Lake, table: Table) -> list[tuple[Any, ...]]:
    """All that a table holds; times as the minutes since midnight."""
    return ordered(map(_plain, row) for row in lake.read(table.name).collect())


def ordered(rows: Iterable[Iterable[Any]]) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in rows), key=str)


def _plain(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    moment = value.astimezone(timezone.utc).replace(
        tzinfo=None
    )  # Python's own zone, as Spark has it
    return (moment - MIDNIGHT) // timedelta(minutes=1)


def sessions_by_the_slow_way(clicks: Iterable[Click], until: int) -> list[tuple[Any, ...]]:
    """The sessions that are over by a minute, by a walk through the clicks of each visitor."""
    made = []
    for visitor in {click[0] for click in clicks}:
        own = sorted({(at, page) for who, page, at, _ in clicks if who == visitor})
        session: list[tuple[int, str]] = []
        for at, page in [*own, (10**9, "")]:
            if session and at - session[-1][0] >= GAP:
                if session[-1][0] + GAP <= until:
                    pages = "".join(sorted(each for _, each in session))
                    made.append((visitor, session[0][0], session[-1][0], len(session), pages))
                session = []
            session.append((at, page))
    return ordered(made)


def windows_by_the_slow_way(clicks: Iterable[Click], until: int) -> list[tuple[Any, ...]]:
    """The clicks of each page in the windows that are over by a minute."""
    once = {(who, page, at) for who, page, at, _ in clicks}
    counts: dict[tuple[int, str], int] = {}
    for _, page, at in once:
        for start in range(at // 10 * 10 - 10, at + 1, 10):
            if start + 20 <= until:
                counts[start, page] = counts.get((start, page), 0) + 1
    return ordered((start, page, count) for (start, page), count in counts.items())
