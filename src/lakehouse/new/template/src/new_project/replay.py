"""SIMULATED [[ source ]], so that the project runs before it has data. Nothing of this happened.

Where files arrive by themselves, delete this page, its test and the task `replay` in databricks.yml.
"""

from __future__ import annotations

[% if kind == "json" %]
import json
[% elif kind == "csv" %]
import csv
[% endif %]
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from functools import partial
from pathlib import Path
from random import Random

[% if kind == "parquet" %]
import pyarrow as pa
import pyarrow.parquet as pq

[% endif %]
from lakehouse import Delivery, LakehouseError
[% if kind != "json" %]
from new_project.bronze.[[ source ]] import SOURCE
[% endif %]

FIRST_DAY, LAST_DAY = date(2026, 1, 1), date(2026, 2, 11)
MANY = 80
"""How many there are of [[ noun ]]."""

NOBODY = 0.01
"""The share of records that are nobody's: they end in quarantine."""


def simulated(day: date) -> Iterator[dict[str, str | None]]:
    """The records of a day, the same at every call: number 1 comes seldom and leaves soon, number
    80 comes every day and stays."""
    dice = Random(day.toordinal())
    count = 1000 * (day - FIRST_DAY).days
    for number in range(1, MANY + 1):
        comes = dice.random() < number / MANY
        for _ in range(dice.randint(1 + number // 20, 2 + number // 10) if comes else 0):
            count += 1
            at = _midnight(day) + timedelta(seconds=dice.randrange(24 * 60 * 60))
            yield {
[% for field in fields %]
                [[ field.simulated ]],
[% endfor %]
            }


def deliveries(until: str = "") -> Iterator[Delivery]:
    """One file a day up to `until` (YYYY-MM-DD, empty for all), each when its day is over.

    Raises LakehouseError where `until` is no day.
    """
    try:
        last = min(date.fromisoformat(until), LAST_DAY) if until else LAST_DAY
    except ValueError:
        raise LakehouseError(f"{until!r} is no day", "--until", "write it as YYYY-MM-DD") from None
    for past in range((last - FIRST_DAY).days + 1):
        day = FIRST_DAY + timedelta(days=past)
        over = _midnight(day + timedelta(days=1))
        yield Delivery("[[ source ]]", f"[[ source ]]-{day}.[[ suffix ]]", over, partial(_write, day))


def _write(day: date, path: Path) -> None:
[% if kind == "json" %]
    lines = [json.dumps(record) for record in simulated(day)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
[% elif kind == "csv" %]
    with path.open("w", encoding="[[ encoding or "utf-8" ]]", newline="") as file:
        rows = csv.DictWriter(file, SOURCE.fields, delimiter="[[ delimiter ]]", lineterminator="\n")
        rows.writeheader()
        rows.writerows(simulated(day))
[% else %]
    schema = pa.schema([(name, pa.string()) for name in SOURCE.fields])
    pq.write_table(pa.Table.from_pylist(list(simulated(day)), schema), path)
[% endif %]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.utc)


REPLAY = deliveries
