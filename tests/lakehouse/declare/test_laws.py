"""A declaration that breaks a law is refused, with a sentence, when it is declared."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests import tiny

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Append, Merge, Rebuild, Replace, Write

SCHEMA = "id BIGINT, week INT, day DATE"


def make(
    name: str = "silver.things",
    *reads: Table | Source,
    write: Write | None = None,
    schema: str = SCHEMA,
) -> Table:
    return Table(name, schema, reads, lambda *rows: rows[0], write=write or Append())


GOLD = make("gold.things")
MERGED = make(write=Merge(("id",)))
REPLACED = make(write=Replace("week", newest_by="day"))
REBUILT = make("silver.rebuilt", REPLACED, write=Rebuild("week"))

WRONG: dict[str, tuple[Callable[[], Table], str]] = {
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
def test_a_wrong_declaration_is_refused(declare: Callable[[], Table], sentence: str) -> None:
    with pytest.raises(LakehouseError) as refused:
        declare()
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "declare",
    [
        lambda: make("silver.things", tiny.BRONZE_SALES),
        lambda: make("silver.things", tiny.BRONZE_SALES, write=Replace("week", newest_by="day")),
        lambda: make("silver.more", MERGED, write=Merge(("id",))),
        lambda: make("gold.things", MERGED, write=Rebuild("week")),
        lambda: make("gold.things", REBUILT, write=Rebuild("week")),
        lambda: make("gold.more", GOLD, write=Append()),
        lambda: Table("gold.scores", SCHEMA),
    ],
)
def test_a_right_one_is_not(declare: Callable[[], Table]) -> None:
    assert declare().columns == ("id", "week", "day")
