"""A log of sales: all that were landed are added to it, but for those that break a rule."""

from __future__ import annotations

from dataclasses import replace

from tests import tiny

from lakehouse import Append, Expectation, Table
from lakehouse.flow.plan import plan
from lakehouse.lake import Lake

BRONZE = tiny.BRONZE_SALES
LOG = replace(tiny.SILVER_SALES, name="silver.log", write=Append())
CHEAP = replace(LOG, expect=(Expectation("a sale is cheap", "amount < 2"),))


def ids(lake: Lake, name: str, version: int | None = None) -> list[int]:
    return sorted(row["id"] for row in lake.read(name, version).select("id").collect())


def states(lake: Lake, *tables: Table) -> list[str]:
    return [step.state for step in plan(lake, tables)]
