"""What a table of the lake is told when it is made: how it is parted, what it keeps of its past."""

from __future__ import annotations

from lakehouse.declare.schema import needs_mapping
from lakehouse.declare.table import Table
from lakehouse.declare.writes import Append, Growing, Rebuild, Replace
from lakehouse.lake.ops import ALL as OPS

FEED = {"delta.enableChangeDataFeed": "true"}
MAPPING = {"delta.columnMapping.mode": "name"}
"""Of those tables alone that need it: other readers of the lake must know of it too."""


def parted_by(table: Table) -> str | None:
    """The column that the files of a table are parted by."""
    return table.write.partition if isinstance(table.write, Append | Replace | Rebuild) else None


def has_feed(table: Table) -> bool:
    """Whether a table keeps a change feed: rows of it may be changed or taken away."""
    return not isinstance(table.write, Growing)


def properties_of(table: Table) -> dict[str, str]:
    """What a table must be told before it can hold its rows: to keep a feed, to map names."""
    mapping = MAPPING if needs_mapping(table.stored) else {}
    return (FEED if has_feed(table) else {}) | mapping


def retention(name: str, days: int) -> dict[str, str]:
    """For how long a table keeps the pages of its log, and files that hold no row of it any more.

    Each such file is a line in every look at the table until then. Delta would let go of old pages
    by itself, whether or not somebody needs them: that is left to `flow.maintain`, but of the
    tables of the lake itself, whose versions nobody names.
    """
    kept = f"interval {days} days"
    known = {"delta.logRetentionDuration": kept, "delta.deletedFileRetentionDuration": kept}
    own = name in {table.name for table in OPS}
    return known if own else known | {"delta.enableExpiredLogCleanup": "false"}
