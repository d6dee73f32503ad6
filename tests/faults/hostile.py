"""Hostile records among good ones: nothing crashes, none is lost, and no good one is harmed."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from deltalake import DeltaTable
from tests.faults.compare import SHOWN, Held
from tests.faults.hostile_kinds import KINDS, Kind, Row
from tests.faults.ways import Way

from lakehouse import Table
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.schema import names
from lakehouse.declare.writes import Growing, Rebuild
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake
from lakehouse.lake.account import INFLOW, OUTFLOW

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

T = TypeVar("T")
Lines = Mapping[str, Sequence[bytes]]
"""Hostile lines by the source that they are for."""

GOOD = 7_000_000_000_000
"""The first number of a good record; no hostile one has any of these, up to twice as much."""
APART = 20
"""Hostile lines from one good one to the next."""
SIZE = 2_000
"""Hostile lines of a file."""
LONG = 200
"""Bytes of a line that are told."""


@dataclass
class Landed:
    """What landed of a kind: its records, as readers of text tell lines apart, and how many good
    ones are among them."""

    kind: Kind
    records: Counter[bytes] = field(default_factory=Counter)
    good: int = 0

    def land(self, hostile: Sequence[bytes], landing: Path) -> None:
        """Lands hostile lines with good ones between them."""
        source = self.kind.source
        has_header = source.format == "csv"
        folder = landing / source.name
        folder.mkdir(parents=True, exist_ok=True)
        for start in range(0, len(hostile), SIZE):
            lines = [",".join(source.fields).encode()] if has_header else []
            for at, line in enumerate(hostile[start : start + SIZE]):
                lines.append(line)
                if at % APART == APART - 1:
                    lines.append(self.kind.good(GOOD + self.good).encode())
                    self.good += 1
            raw = b"\n".join(lines)
            (folder / f"{len(list(folder.iterdir()))}.{source.format}").write_bytes(raw)
            self.records.update(records(raw)[has_header:])


def records(raw: bytes) -> list[bytes]:
    """The records of a file: its lines, without the mark at its head and without blank ones."""
    lines = re.split(rb"\r\n|\r|\n", raw.removeprefix(b"\xef\xbb\xbf"))
    return [line for line in lines if line.strip(b" ")]


def play(spark: SparkSession, home: Path, lines: Lines, landings: int = 1) -> list[str]:
    """Lets hostile lines and good ones come into a new lake, in so many landings; what is wrong
    then, a sentence each. Raises LakehouseError where a table cannot bear them."""
    way = Way(home, home / "landing")
    lake = Lake(spark, way.settings)
    landed = {kind.source.name: Landed(kind) for kind in KINDS if lines.get(kind.source.name)}
    for nth in range(landings):
        for name, each in landed.items():
            share = -(-len(lines[name]) // landings)
            each.land(lines[name][nth * share : (nth + 1) * share], way.landing)
        refresh(lake, [each for one in landed.values() for each in one.kind.tables])
    return [text for each in landed.values() for text in wrong(lake, way.root, each)]


def wrong(lake: Lake, root: Path, landed: Landed) -> list[str]:
    """What is wrong with the tables of a kind: records lost, rows uncounted, good ones harmed."""
    held, kind = Held(root), landed.kind
    first = f"bronze.{kind.source.name}"
    aside = Counter(row["table"] for row in held.rows("ops.quarantine"))
    there = _records(root, first, held)
    told = [
        f"{first}: {some.total()} records {what}: {_shown(some)}"
        for what, some in (("lost", landed.records - there), ("too many", there - landed.records))
        if some
    ]
    comes: dict[str, int] = {first: landed.records.total()}
    sums = held.sums()
    for table in kind.tables:
        counts = sums[table.name]
        comes[table.name] = comes.get(table.name, sums[first]["kept"])
        into, out = (sum(counts[name] for name in names) for names in (INFLOW, OUTFLOW))
        pairs = {
            "accounted for": (out, into),
            "in quarantine": (aside[table.name], counts["quarantined"]),
        }
        if not isinstance(table.write, Rebuild):
            pairs["landed"] = counts["landed"], comes[table.name]
        if isinstance(table.write, Growing):
            pairs["in it"] = lake.read(table.name).count(), counts["kept"]
        told += [
            f"{table.name}: {found} rows {what}, not {wanted}"
            for what, (found, wanted) in pairs.items()
            if found != wanted
        ]
        if table.name in kind.rows:
            wanted_rows = kind.rows[table.name](range(GOOD, GOOD + landed.good))
            told += _harmed(lake, table, wanted_rows)
    return told


def _records(root: Path, name: str, held: Held) -> Counter[bytes]:
    """The records in a bronze table and those set aside from it."""
    column = "_record" if "cells" in name else "record"
    table = DeltaTable(root / name.replace(".", "/")).to_pyarrow_table(columns=[column])
    found = Counter(text.encode() for text in table[column].to_pylist())
    for row in held.rows("ops.quarantine"):
        if row["table"] == name:
            text = row["record"]
            raw = text.encode() if text is not None else b64decode(json.loads(row["row"])["bytes"])
            found[raw] += 1
    return found


def _harmed(lake: Lake, table: Table, wanted: list[Row]) -> list[str]:
    """The good rows that a table has not as they were sent, or has too often."""
    first, *others = names(table.schema)
    is_good = "item LIKE 'good %'" if "item" in (first, *others) else f"{first} DIV {GOOD} = 1"
    found = lake.read(table.name).where(is_good).select(*table.quoted).collect()
    told = [f"{table.name}: a good row is lost or changed: {r}" for r in wanted if r not in found]
    if len(found) != len(wanted):
        told.insert(0, f"{table.name}: {len(found)} good rows, not {len(wanted)}")
    return told[:SHOWN]


def _shown(some: Counter[bytes]) -> str:
    return "; ".join(f"{line[:LONG]!r} ({len(line)} bytes)" for line in [*some][:SHOWN])


def lines_of(total: int, seed: int, kinds: Sequence[Kind] = KINDS) -> dict[str, list[bytes]]:
    """So many hostile lines, by the source that they are for."""
    whole = sum(kind.share for kind in kinds)
    return {k.source.name: k.hostile(round(total * k.share / whole), seed) for k in kinds}


def culprits(lines: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> Sequence[T]:
    """The fewest lines that fail as all of them did: halved as long as one half does."""
    half = len(lines) // 2
    for part in (lines[:half], lines[half:]) if half else ():
        if fails(part):
            return culprits(part, fails)
    return lines


def told(spark: SparkSession, home: Path, lines: Lines, landings: int = 1) -> list[str]:
    """As `play`; where a table could not bear the lines, those that are to blame."""
    number = count()

    def fails(name: str, part: Sequence[bytes]) -> bool:
        try:
            play(spark, home / str(next(number)), {name: part})
        except LakehouseError:
            return True
        return False

    try:
        return play(spark, home / "all", lines, landings)
    except LakehouseError as error:
        said = [str(error)]
    blamed = {name: part for name, part in lines.items() if fails(name, part)}
    found = {name: culprits(part, partial(fails, name)) for name, part in blamed.items()}
    return said + [f"{name}: {_shown(Counter(part))}" for name, part in found.items()]
