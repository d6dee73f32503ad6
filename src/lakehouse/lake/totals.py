"""Where the rows of all batches went, by table: added up where the accounts are, not in Python."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lakehouse.lake.account import COUNTS
from lakehouse.lake.glance import Glance

_ACCOUNTS = "ops.batches"


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
    held = {name for name, _ in glance.columns(_ACCOUNTS)}
    batches = "count(*) - count(release)" if "release" in held else "count(*)"
    sums = (
        f"SELECT `table`, {batches} AS batches, {_sums(held)} FROM t "
        "GROUP BY `table` ORDER BY `table`"
    )
    rules: dict[str, dict[str, int]] = {}
    for table, rule, rows in glance.query(_ACCOUNTS, glance.map_sums("table", "rules")):
        rules.setdefault(table, {})[rule] = rows
    return [
        Totals(table, batches, dict(zip(COUNTS, counts, strict=True)), rules.get(table, {}))
        for table, batches, *counts in glance.query(_ACCOUNTS, sums)
    ]


def _sums(held: Collection[str]) -> str:
    """SQL: the sum of each count; 0 for one that the accounts of an older lake do not have."""
    return ", ".join(
        f"coalesce(sum({count}), 0) AS {count}" if count in held else f"0 AS {count}"
        for count in COUNTS
    )
