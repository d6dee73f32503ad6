"""How records arrive in a lake that is to be killed: as files, on a topic, in a database."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults import shop
from tests.faults.data import Arrival

from lakehouse import Expectation, Table
from lakehouse.base.settings import Settings

if TYPE_CHECKING:
    from tests.postgres import Postgres
    from tests.topics import Topic

AT_REST = ("rebuild", "maintain")
"""What is done to a lake into which nothing comes meanwhile."""
KINDS = ("files", "deliveries", "events", "kafka", "database", "stream", *AT_REST)
"""What is killed: runs over sales, over whole deliveries and over late clicks, which come as files;
over messages; over what a database holds; tables that are kept up to date; a rebuild and upkeep."""

_CHEAP = Expectation("a sale is cheap", "amount < 10")
_SALES = replace(shop.SILVER_SALES, expect=(*shop.SILVER_SALES.expect, _CHEAP))
ANEW = (
    _SALES,
    replace(shop.SILVER_TAGS, expect=()),
    replace(shop.GOLD_WEEKS, reads=(_SALES,)),
)
"""Tables that were declared anew, which a rebuild makes so."""

_NEWER = {table.name: table for table in ANEW}
TABLES: Mapping[str, Sequence[Table]] = {
    "files": shop.OF_SALES,
    "deliveries": shop.OF_PRICES,
    "events": shop.OF_CLICKS,
    "kafka": shop.OF_SALES,
    "database": (*shop.OF_SALES, *shop.OF_STOCK),
    "stream": shop.OF_SALES,
    "maintain": shop.OF_SALES,
    "rebuild": [_NEWER.get(table.name, table) for table in shop.OF_SALES],
}


@dataclass
class Way:
    """A lake in a folder, and the landing zone that it reads; `source` lands there as files."""

    home: Path
    landing: Path
    source: str = ""

    @property
    def root(self) -> Path:
        """The folder of the tables."""
        return self.home / "lake"

    @property
    def settings(self) -> Settings:
        """The settings of its lake."""
        values = {
            "project": "tests",
            "data": str(self.home),
            "landing": str(self.landing),
            "lake": {"root": str(self.root)},
        }
        return Settings.model_validate({**values, **self.more()})

    def more(self) -> dict[str, Any]:
        """Settings beside those of the folders."""
        return {}

    def names(self) -> list[str]:
        """What is called otherwise in each lake, and is in its rows."""
        return [str(self.home)]

    def land(self, arrival: Arrival) -> None:
        """Lets records arrive."""
        path = self.landing / self.source / f"{arrival.nth}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        hidden = path.with_name(f".{path.name}")
        hidden.write_text("".join(f"{line}\n" for line in arrival.lines(self.source)))
        os.utime(hidden, (arrival.at.timestamp(),) * 2)
        hidden.rename(path)


@dataclass
class TopicWay(Way):
    """Sales arrive on a topic, twenty messages to a batch."""

    topic: Topic | None = None

    def more(self) -> dict[str, Any]:
        from tests.topics import arriving

        assert self.topic
        return {"kafka": arriving({"sales": self.topic}, messages_per_batch=20)}

    def names(self) -> list[str]:
        assert self.topic
        return [*super().names(), self.topic.name]

    def land(self, arrival: Arrival, partitions: Sequence[int] = ()) -> None:
        assert self.topic
        lines, at = arrival.lines("sales"), int(arrival.at.timestamp() * 1000)
        many = self.topic.partitions
        for number in partitions or range(many):
            self.topic.send(*lines[number::many], partition=number, timestamp=at)

    def grow(self, partitions: int) -> None:
        """Adds partitions to the topic."""
        assert self.topic
        self.topic = self.topic.grown(partitions)


@dataclass
class DatabaseWay(Way):
    """Sales are rows by a number that grows, the stock is read whole."""

    server: Postgres | None = None
    suffix: str = ""

    def more(self) -> dict[str, Any]:
        from tests.postgres import USER

        assert self.server
        tables = {
            "sales": {"table": f"sales{self.suffix}", "by": "number"},
            "stock": {"table": f"stock{self.suffix}", "keys": ["item"]},
        }
        who = {"url": self.server.url, "user": USER, "password": "{env:PG_PASSWORD}"}
        return {"database": {**who, "tables": tables}}

    def make(self) -> None:
        """Makes its tables, empty."""
        assert self.server
        self.server.call(
            f"CREATE TABLE sales{self.suffix} (number bigint, id bigint, item text, week int, "
            f"amount text, changed text, tags text); "
            f"CREATE TABLE stock{self.suffix} (item text, pieces int)"
        )

    def land(self, arrival: Arrival) -> None:
        assert self.server
        insert = partial(_insert, suffix=self.suffix)
        self.server.call(
            f"{insert('sales', arrival.sales)}; DELETE FROM stock{self.suffix}; "
            f"{insert('stock', arrival.stock)}"
        )


def _insert(name: str, records: Sequence[Mapping[str, Any]], suffix: str) -> str:
    columns = list(records[0])
    rows = (", ".join(_literal(each[name]) for name in columns) for each in records)
    values = ", ".join(f"({row})" for row in rows)
    return f"INSERT INTO {name}{suffix} ({', '.join(columns)}) VALUES {values}"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str) else str(value)
