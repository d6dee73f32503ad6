"""Where the rows of all batches went, by table: added up where the accounts are, not in Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.lake.account import COUNTS
from lakehouse.lake.glance import Glance

_ACCOUNTS = "ops.batches"
_SUMS = ", ".join(f"sum({count}) AS {count}" for count in COUNTS)


@dataclass(frozen=True)
class Totals:
    """The batches of one table added up. `rules`: broken rows by rule."""

    table: str
    batches: int
    counts: Mapping[str, int]
    rules: Mapping[str, int]


def totals(glance: Glance) -> list[Totals]:
    """The totals of each table that has an account, by name; none before the first batch."""
    if not glance.exists(_ACCOUNTS):
        return []
    sums = f"SELECT `table`, count(*) AS batches, {_SUMS} FROM t GROUP BY `table` ORDER BY `table`"
    rules: dict[str, dict[str, int]] = {}
    for table, rule, rows in glance.query(_ACCOUNTS, glance.map_sums("table", "rules")):
        rules.setdefault(table, {})[rule] = rows
    return [
        Totals(table, batches, dict(zip(COUNTS, counts, strict=True)), rules.get(table, {}))
        for table, batches, *counts in glance.query(_ACCOUNTS, sums)
    ]
