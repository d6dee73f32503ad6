"""Whether two lakes hold the same: rows, what was set aside, where each landed row went.

Read without Spark. Only what must differ from run to run is passed over: when a row was taken, how
a lake, a topic or a file of a pull is called, and what Spark calls its queries.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from lakehouse import Table
from lakehouse.declare.writes import Growing, Rebuild
from lakehouse.lake.account import INFLOW, OUTFLOW

SHOWN = 3
"""Rows that are told of each difference."""

PULLED = (re.compile(r"(pull-\d+/)part-[^\"]*"), r"\1part")
ARRIVED = (re.compile(r"\"arrived_at\":\"[^\"]*\",?"), "")


@dataclass(frozen=True)
class Held:
    """A lake of which something is to be told.

    `names` are what is called otherwise in each; `is_pulled`: its files have the times of pulls.
    `without`: columns that are passed over.
    """

    root: Path
    names: Sequence[str] = ()
    is_pulled: bool = False
    without: Sequence[str] = ()

    def rows(self, name: str) -> list[Mapping[str, Any]]:
        """All rows of a table."""
        found = DeltaTable(self.root / name.replace(".", "/")).to_pyarrow_table().to_pylist()
        return [dict(row) for row in found]

    def counted(self, name: str, without: Iterable[str]) -> Counter[str]:
        """How often a table has each row, as text."""
        passed_over = {*without, *self.without, *(["arrived_at"] if self.is_pulled else [])}
        return Counter(
            self._plain(repr([(key, row[key]) for key in sorted(row) if key not in passed_over]))
            for row in self.rows(name)
        )

    def _plain(self, text: str) -> str:
        for nth, name in enumerate(self.names):
            text = text.replace(name, f"<{nth}>")
        for pattern, other in (PULLED, ARRIVED) if self.is_pulled else ():
            text = pattern.sub(other, text)
        return text

    def sums(self) -> dict[str, Counter[str]]:
        """Of each table the sums of its accounts."""
        sums: dict[str, Counter[str]] = defaultdict(Counter)
        for row in self.rows("ops.batches"):
            sums[row["table"]].update({each: row[each] or 0 for each in (*INFLOW, *OUTFLOW)})
            sums[row["table"]].update(dict(row["rules"] or ()))
        return sums


def differences(
    expected: Held, found: Held, tables: Sequence[Table], same_batches: bool = False
) -> list[str]:
    """In what a lake differs from another one, a sentence each; none where they are the same.

    `same_batches`: in both lakes a batch took the same, so that its account says the same.
    """
    told = []
    for table in tables:
        told += _rows(expected, found, table.name, ("ingested_at",))
    aside = ("query", "batch", "quarantined_at")
    told += _rows(expected, found, "ops.quarantine", aside)
    told += _accounts(expected.sums(), found.sums(), tables, same_batches)
    told += _sums_of_growing(found, tables)
    told += [f"{name}: was left behind" for name in _left(found.root, tables)]
    return told


def _rows(expected: Held, found: Held, name: str, without: Iterable[str]) -> list[str]:
    wanted, held = (each.counted(name, without) for each in (expected, found))
    told = []
    for what, rows in (("lost", wanted - held), ("too many", held - wanted)):
        if rows:
            some = "; ".join(list(rows.elements())[:SHOWN])
            told.append(f"{name}: {rows.total()} rows {what}: {some}")
    return told


def _accounts(
    expected: Mapping[str, Counter[str]],
    found: Mapping[str, Counter[str]],
    tables: Sequence[Table],
    same_batches: bool,
) -> list[str]:
    told = []
    for table in tables:
        held = found.get(table.name, Counter())
        inflow, outflow = (sum(held[name] for name in names) for names in (INFLOW, OUTFLOW))
        if inflow != outflow:
            told.append(f"{table.name}: {inflow} rows came in, {outflow} are accounted for")
        if isinstance(table.write, Rebuild):
            continue  # it counts the rows that it makes, each time
        wanted = expected[table.name]
        if not same_batches:
            wanted, held = map(_wherever_batches_end, (wanted, held))
        told += [
            f"{table.name}: {name} is {held[name]} in its accounts, not {wanted[name]}"
            for name in sorted({*wanted, *held})
            if wanted[name] != held[name]
        ]
    return told


def _wherever_batches_end(sums: Counter[str]) -> Counter[str]:
    """What does not depend on that: of two rows of a key the older one is kept, and replaced, if it
    came in an earlier batch; in the same one it is a duplicate."""
    both = {"kept or duplicate": sums["kept"] + sums["duplicate"]}
    return Counter({**sums, **both, "kept": 0, "duplicate": 0})


def _sums_of_growing(found: Held, tables: Sequence[Table]) -> list[str]:
    """Where rows are only added, as many must be there as were kept."""
    sums, told = found.sums(), []
    for table in tables:
        there, kept = len(found.rows(table.name)), sums[table.name]["kept"]
        if isinstance(table.write, Growing) and there != kept:
            told.append(f"{table.name}: holds {there} rows, and {kept} were kept")
    return told


def _left(root: Path, tables: Sequence[Table]) -> list[str]:
    """Builds beside the tables that nobody took away."""
    layers = {table.layer for table in tables}
    there = {f"{layer}.{each.name}" for layer in layers for each in (root / layer).iterdir()}
    return sorted(there - {table.name for table in tables})
