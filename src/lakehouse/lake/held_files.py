"""The files of a table as its log tells them, without Spark: how many rows each has, and from which
value to which its columns reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.lake.lake import Lake


@dataclass(frozen=True)
class HeldFile:
    """A file of the newest version. `rows` is None, and a column is in neither `least` nor `most`,
    where the log does not tell; of a long text these are bounds, not values."""

    path: str
    size: int
    rows: int | None
    partition: Mapping[str, Any]
    least: Mapping[str, Any]
    most: Mapping[str, Any]

    def may_hold(self, column: str, least: Any, most: Any) -> bool:
        """Whether any row may have a value of the column from the one to the other."""
        low, high = self.least.get(column), self.most.get(column)
        return low is None or high is None or bool(low <= most and least <= high)


def held_files(lake: Lake, name: str) -> list[HeldFile] | None:
    """The files of a table; None where only Spark can tell them."""
    import pyarrow as pa

    opened = lake.opened(name)
    if opened is None:
        return None
    files = []
    for each in pa.table(opened.get_add_actions()).to_pylist():
        parts, least, most = (each.get(of) or {} for of in ("partition", "min", "max"))
        files.append(
            HeldFile(each["path"], each["size_bytes"], each.get("num_records"), parts, least, most)
        )
    return files
