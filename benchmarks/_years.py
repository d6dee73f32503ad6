"""The recorded year once more, and again: the shop as it would be after many years.

What households do comes back each 52 weeks under new numbers of households and baskets, promotions
come back each week; products, campaigns and coupons stay as they are. Of each further year the days
from the second on are taken: 364 days, with their days of the week.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lakehouse import Delivery
from retail.calendar import ZONE, first_day
from retail.replay import FIRST_DAY

if TYPE_CHECKING:
    import polars as pl

WEEKS = 52
HOUSEHOLDS, BASKETS = 10_000, 10**11
"""What is added to a number each year; all that were recorded are smaller."""
TIMES = {"transaction_timestamp": "s", "clicked_at": "ms", "sent_at": "ms"}
"""The fields that tell a time in UTC, each with the unit to which it tells it."""
SNAPSHOTS = ("households", "mailings")
DAILY = ("baskets", "redemptions", "clicks")


def day_of(nth: int, recorded: date) -> date:
    """The day that is a recorded day's in the nth further year."""
    return recorded + timedelta(weeks=WEEKS * nth)


def year(record: Path, nth: int, until: date) -> Iterator[Delivery]:
    """The files of the nth further year, from those of the recorded one, up to a recorded day."""
    second = FIRST_DAY + timedelta(1)
    for source in SNAPSHOTS:
        (path,) = (record / source).iterdir()
        name = f"{source}-{day_of(nth, second)}.jsonl"
        yield Delivery(source, name, _midnight(day_of(nth, second)), partial(_lines, path, nth))
    for source in DAILY:
        for path in sorted((record / source).iterdir()):
            day = date.fromisoformat(path.stem[-10:])
            if second <= day <= until:
                name = f"{path.stem[:-10]}{day_of(nth, day)}.jsonl"
                over = _midnight(day_of(nth, day + timedelta(1)))
                yield Delivery(source, name, over, partial(_lines, path, nth))
    for path in sorted((record / "promotions").iterdir()):
        week = int(path.stem[-2:])
        if week > 1 and first_day(week) <= until:
            name = f"promotions-week-{week + WEEKS * nth:02d}.parquet"
            at = _midnight(day_of(nth, first_day(week)))
            yield Delivery("promotions", name, at, partial(_promotions, path, nth))


def _lines(path: Path, nth: int, to: Path) -> None:
    import polars as pl

    if not path.stat().st_size:
        to.touch()
        return
    rows = pl.read_ndjson(path, infer_schema_length=None)
    moved = {
        "household_id": pl.col("household_id") + HOUSEHOLDS * nth,
        "basket_id": pl.col("basket_id") + BASKETS * nth,
        "week": pl.col("week") + WEEKS * nth,
        "click_id": pl.col("click_id") + f"-{nth}",
        "redemption_date": _later(pl.col("redemption_date").str.to_date(), nth).cast(pl.String),
    }
    moved |= {name: _utc(pl.col(name), unit, nth) for name, unit in TIMES.items()}
    rows.with_columns(**{k: v for k, v in moved.items() if k in rows.columns}).write_ndjson(to)


def _promotions(path: Path, nth: int, to: Path) -> None:
    import polars as pl

    pl.scan_parquet(path).with_columns(pl.col("week") + WEEKS * nth).sink_parquet(to)


def _utc(at: pl.Expr, unit: str, nth: int) -> pl.Expr:
    """A time on the same day of the week, at the same hour in the stores. An hour that a year
    leaves out in spring is the next one there."""
    import polars as pl

    local = at.str.to_datetime(time_zone="UTC").dt.convert_time_zone(ZONE)
    naive = _later(local.dt.replace_time_zone(None), nth)
    there, next_hour = (
        each.dt.replace_time_zone(ZONE, ambiguous="earliest", non_existent="null")
        for each in (naive, naive.dt.offset_by("1h"))
    )
    utc = pl.coalesce(there, next_hour).dt.convert_time_zone("UTC")
    return utc.dt.strftime("%Y-%m-%dT%H:%M:%S" + ("%.3fZ" if unit == "ms" else "Z"))


def _later(at: pl.Expr, nth: int) -> pl.Expr:
    return at.dt.offset_by(f"{WEEKS * nth}w")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(ZONE)).astimezone(timezone.utc)
