"""A declaration that breaks a law is refused, with a sentence, when it is declared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests import tiny

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.events import Events, Sessions, Windows
from lakehouse.declare.expectation import Expectation
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table, as_landed, bronze
from lakehouse.declare.writes import Append, History, Merge, Rebuild, Replace, Write

SCHEMA = "id BIGINT, week INT, day DATE"


def make(
    name: str = "silver.things",
    *reads: Table | Source,
    write: Write | None = None,
    schema: str = SCHEMA,
    expect: tuple[Expectation, ...] = (),
    where: str | None = None,
    one_to_many: bool = False,
) -> Table:
    transform = lambda *rows: rows[0]  # noqa: E731
    return Table(name, schema, reads, transform, expect, write or Append(), where, one_to_many)


GOLD = make("gold.things")
MERGED = make(write=Merge(("id",)))
REPLACED = make(write=Replace("week", newest_by="day"))
REBUILT = make("silver.rebuilt", REPLACED, write=Rebuild("week"))
DATED = make("silver.dated", write=History(("id",), sequence_by="day"))

CLICKS = "visitor STRING, at TIMESTAMP, arrived_at TIMESTAMP"
CLICKED = make("silver.clicks", schema=CLICKS, write=Events("at", delay="1 hour"))

WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "what becomes of broken rows, misspelt": (
        lambda: Expectation("it has an id", "id IS NOT NULL", otherwise="quaratine"),  # type: ignore[arg-type]
        "expectation 'it has an id': otherwise='quaratine' is nothing that can be done with a "
        "broken row. Did you mean 'quarantine'?",
    ),
    "a rule without a condition": (
        lambda: Expectation("it has an id", " "),
        "it has an id: an expectation without a condition. ",
    ),
    "a rule without a name": (
        lambda: Expectation("", "id > 0"),
        "id > 0: an expectation without a name. ",
    ),
    "a wait of no length": (
        lambda: Events("at", delay="1 hor"),
        "Events(delay=...): '1 hor' is no length of time. Did you mean 'hour'? Write it as",
    ),
    "a silence of none": (
        lambda: Sessions(("visitor",), gap="0 minutes"),
        "Sessions(gap=...): no silence at all ends a session. Say '30 minutes'.",
    ),
    "sessions of nothing": (
        lambda: Sessions((), gap="30 minutes"),
        "Sessions(by=...): Sessions of nothing. Name a column.",
    ),
    "windows that do not cover time evenly": (
        lambda: Windows("10 minutes", every="3 minutes"),
        "Windows(every=...): windows of 10 minutes cannot begin every 3 minutes. Let the size",
    ),
    "an event without a moment": (
        lambda: make(write=Events("day", delay="1 hour", arrived="day")),
        "silver.things: an event has a TIMESTAMP; 'day' is DATE. Make one of it: try_cast",
    ),
    "an event by a column that is not there": (
        lambda: make(schema=CLICKS, write=Events("att", delay="1 hour")),
        "silver.things: Events names the column 'att', which the schema does not have. Did you",
    ),
    "a column that Events adds": (
        lambda: make(schema=f"{CLICKS}, Is_Late INT", write=Events("at", delay="1 hour")),
        "silver.things: the schema has the column 'Is_Late', which Events adds by itself. Name it",
    ),
    "sessions of what is no event": (
        lambda: make("gold.visits", MERGED, write=Sessions(("id",), "1 hour")),
        "gold.visits: Sessions waits for events, and none of its reads is written by Events. Read",
    ),
    "sessions by a column that an event does not have": (
        lambda: make("gold.visits", CLICKED, write=Sessions(("visitr",), "1 hour")),
        "gold.visits: Sessions are told apart by 'visitr', which silver.clicks does not have. Did",
    ),
    "several rows of a window": (
        lambda: make("gold.visits", CLICKED, write=Windows("1 hour"), one_to_many=True),
        "gold.visits: one_to_many on a table that Windows writes. Leave it out: made rows are",
    ),
    "two rules of one name": (
        lambda: make(expect=(Expectation("it is", "id > 0"), Expectation("it is", "week > 0"))),
        "two expectations are called 'it is'. They are counted by name.",
    ),
    "a where without a condition": (
        lambda: make(where=" "),
        "silver.things: a where without a condition. Give the SQL condition of the rows that are",
    ),
    "a where on what a job writes": (
        lambda: Table("gold.scores", SCHEMA, where="id > 0"),
        "gold.scores: a where on a table that a job writes. Let the job leave the rows out.",
    ),
    "several rows of a key that is followed": (
        lambda: make("gold.things", MERGED, write=Merge(("id",)), one_to_many=True),
        "gold.things: one_to_many on a Merge that follows silver.things by its keys. A row there",
    ),
    "several rows in what is built anew": (
        lambda: make("gold.things", MERGED, write=Rebuild("week"), one_to_many=True),
        "gold.things: one_to_many on a table that Rebuild writes. Leave it out: made rows are",
    ),
    "several rows in what a job writes": (
        lambda: Table("gold.scores", SCHEMA, one_to_many=True),
        "gold.scores: one_to_many on a table that a job writes. Leave it out",
    ),
    "files of a format that nothing reads": (
        lambda: Source("things", "id BIGINT", format="orc"),  # type: ignore[arg-type]
        "source 'things': files of the format 'orc' cannot be read. "
        "Known: avro, csv, json, parquet, text.",
    ),
    "an encoding that nobody knows": (
        lambda: Source("things", "id BIGINT", encoding="windows-12552"),
        "source 'things': the encoding 'windows-12552' is not known. Did you mean 'windows-1252'?",
    ),
    "an encoding whose letters are no ASCII": (
        lambda: Source("things", "id BIGINT", encoding="cp037"),
        "source 'things': where a line ends cannot be told from the bytes of a file in 'cp037'. It",
    ),
    "an encoding that spells letters in ASCII": (
        lambda: Source("things", "id BIGINT", encoding="UTF-7"),
        "where a line ends cannot be told from the bytes of a file in 'UTF-7'",
    ),
    "an encoding of which a line is not read alone": (
        lambda: Source("things", "id BIGINT", encoding="ISO-2022-JP"),
        "where a line ends cannot be told from the bytes of a file in 'ISO-2022-JP'",
    ),
    "an encoding of no text": (
        lambda: Source("things", "id BIGINT", encoding="base64"),
        "where a line ends cannot be told from the bytes of a file in 'base64'",
    ),
    "an encoding of Parquet": (
        lambda: Source("things", "id BIGINT", format="parquet", encoding="UTF-16"),
        "source 'things': Parquet is no text that could be in 'UTF-16'. Leave the encoding out.",
    ),
    "a policy for what comes again that does not exist": (
        lambda: Source("things", "id BIGINT", redelivered="merge"),  # type: ignore[arg-type]
        "source 'things': redelivered='merge' is nothing that can be done with a file. Known: add, "
        "refuse, replace.",
    ),
    "records that come again to a table that judges them": (
        lambda: replace(
            bronze(Source("things", "id BIGINT", redelivered="add")),
            expect=(Expectation("it is there", "record IS NOT NULL"),),
        ),
        "bronze.things: the source 'things' has redelivered='add', and this table does not keep",
    ),
    "records that come again to a table without their file": (
        lambda: Table(
            "bronze.things",
            "record STRING, arrived_at TIMESTAMP",
            (Source("things", "id BIGINT", redelivered="replace"),),
            as_landed,
        ),
        "has redelivered='replace', and this table does not keep its records as they landed",
    ),
    "a source whose name is no folder's": (
        lambda: Source("shop/things", "id BIGINT"),
        "source 'shop/things': its name is that of a folder and of a table",
    ),
    "a source without fields": (
        lambda: Source("things", ""),
        "source 'things': the schema '' has a column without a name",
    ),
    "a field without a type": (
        lambda: Source("things", "id BIGINT, name"),
        "the schema 'id BIGINT, name' has a column without a type. Write it as DDL",
    ),
    "a field that the lake adds": (
        lambda: Source("things", "id BIGINT, arrived_at TIMESTAMP"),
        "source 'things': the lake itself adds a column 'arrived_at'. Name the field otherwise.",
    ),
    "a column of a name that is the lake's own": (
        lambda: make(schema="id BIGINT, _Lake_rank INT"),
        "silver.things: the schema has the column '_Lake_rank'. Name it otherwise: columns that "
        "begin with _lake_ are the lake's own.",
    ),
    "a Parquet field that the lake adds": (
        lambda: Source("things", "id BIGINT, rescued STRING", format="parquet"),
        "the lake itself adds a column 'rescued'",
    ),
    "a column named twice": (
        lambda: make(schema="id BIGINT, week INT, ID STRING"),
        "the schema has the column 'id' twice",
    ),
    "a layer that does not exist": (
        lambda: make("sliver.things"),
        "table 'sliver.things' is in no layer. Did you mean 'silver'?",
    ),
    "no layer at all": (lambda: make("things"), "table 'things' is in no layer"),
    "a layer alone": (lambda: make("gold."), "table 'gold.' is in no layer"),
    "silver that reads gold": (
        lambda: make("silver.things", GOLD),
        "a silver table cannot read gold.things. Data flows down: read bronze or silver",
    ),
    "gold that reads bronze": (
        lambda: make("gold.things", tiny.BRONZE_SALES),
        "a gold table cannot read bronze.sales",
    ),
    "silver that reads a source": (
        lambda: make("silver.things", tiny.SALES),
        "a silver table cannot read the source 'sales'",
    ),
    "a key that is no column": (
        lambda: make(write=Merge(("idd",))),
        "Merge names the column 'idd', which the schema does not have. Did you mean 'id'?",
    ),
    "no key": (lambda: make(write=Merge(())), "a Merge has no keys"),
    "a time that is no column": (
        lambda: make(write=Merge(("id",), newest_by="at")),
        "Merge names the column 'at'",
    ),
    "a partition that is no column": (
        lambda: make(write=Replace("month", newest_by="day")),
        "Replace names the column 'month'",
    ),
    "Append after Merge": (
        lambda: make("gold.things", MERGED),
        "Append cannot follow silver.things, which is written by Merge",
    ),
    "Merge after Replace": (
        lambda: make("gold.things", REPLACED, write=Merge(("id",))),
        "Merge cannot follow silver.things, which is written by Replace",
    ),
    "Merge after Rebuild": (
        lambda: make("gold.things", REBUILT, write=Merge(("id",))),
        "Merge cannot follow silver.rebuilt, which is written by Rebuild",
    ),
    "Replace after Rebuild": (
        lambda: make("gold.things", REBUILT, write=Replace("week", newest_by="day")),
        "Replace cannot follow silver.rebuilt",
    ),
    "Merge by other keys than the table it follows": (
        lambda: make("gold.things", MERGED, write=Merge(("week",))),
        "Merge cannot follow silver.things, which is written by Merge",
    ),
    "a history without keys": (
        lambda: make(write=History((), sequence_by="day")),
        "silver.things: a History has no keys. Name at least one column.",
    ),
    "a history by a time that is no column": (
        lambda: make(write=History(("id",), sequence_by="dya")),
        "History names the column 'dya', which the schema does not have. Did you mean 'day'?",
    ),
    "a history in the order of texts": (
        lambda: make(write=History(("id",), "at"), schema="id BIGINT, at STRING COMMENT 'a DATE'"),
        "silver.things: History is sequenced by a time or a whole number; 'at' is STRING. Make a",
    ),
    "a history of which each time is a thing": (
        lambda: make(write=History(("id", "day"), sequence_by="day")),
        "History is sequenced by 'day', which is one of its keys: nothing has two versions.",
    ),
    "a column that a history adds": (
        lambda: make(write=History(("id",), "day"), schema="id BIGINT, day DATE, Is_Current INT"),
        "silver.things: the schema has the column 'Is_Current', which History adds by itself. Name",
    ),
    "a delete that is stored": (
        lambda: make(
            write=History(("id",), "day", gone="gone"), schema="id BIGINT, day DATE, gone BOOLEAN"
        ),
        "silver.things: the schema has the column 'gone', which says that a thing is gone. Leave",
    ),
    "a rule that each history has": (
        lambda: make(
            write=History(("id",), "day"), expect=(Expectation("day is given", "day > '2020'"),)
        ),
        "silver.things: two expectations are called 'day is given'",
    ),
    "Append after History": (
        lambda: make("gold.things", DATED),
        "Append cannot follow silver.dated, which is written by History",
    ),
    "Merge after History": (
        lambda: make("gold.things", DATED, write=Merge(("id",))),
        "Merge cannot follow silver.dated, which is written by History",
    ),
    "History after History": (
        lambda: make("gold.things", DATED, write=History(("id",), "day")),
        "History cannot follow silver.dated, which is written by History",
    ),
    "History after Merge": (
        lambda: make("gold.things", MERGED, write=History(("id",), "day")),
        "History cannot follow silver.things, which is written by Merge",
    ),
    "Rebuild by a day": (
        lambda: make("gold.things", MERGED, write=Rebuild("day")),
        "Rebuild needs a partition of whole numbers; 'day' is DATE",
    ),
    "Rebuild by what nothing has": (
        lambda: make("gold.things", MERGED, write=Rebuild("year"), schema="id INT, year INT"),
        "no table it reads has the column 'year'",
    ),
}


@pytest.mark.parametrize(("declare", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_declaration_is_refused(declare: Callable[[], object], sentence: str) -> None:
    with pytest.raises(LakehouseError) as refused:
        declare()
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "declare",
    [
        lambda: make("silver.things", tiny.BRONZE_SALES),
        lambda: make("silver.things", tiny.BRONZE_SALES, write=Replace("week", newest_by="day")),
        lambda: make("silver.more", MERGED, write=Merge(("id",))),
        lambda: make("silver.dated", tiny.BRONZE_SALES, write=History(("id",), "day", gone="out")),
        lambda: make("gold.dated", GOLD, write=History(("id",), "week"), one_to_many=True),
        lambda: make("gold.things", DATED, write=Rebuild("week")),
        lambda: make("gold.beside", GOLD, DATED),
        lambda: make("gold.things", MERGED, write=Rebuild("week")),
        lambda: make("gold.things", REBUILT, write=Rebuild("week")),
        lambda: make("gold.more", GOLD, write=Append()),
        lambda: make("gold.some", GOLD, where="id > 0"),
        lambda: make("gold.many", GOLD, write=Merge(("id",)), one_to_many=True),
        lambda: Table("gold.scores", SCHEMA),
    ],
)
def test_a_right_one_is_not(declare: Callable[[], Table]) -> None:
    assert declare().columns == ("id", "week", "day")
