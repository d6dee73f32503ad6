"""What is asked of each event, whatever its table expects."""

from __future__ import annotations

from lakehouse.declare.events import Events, micros
from lakehouse.declare.expectation import Expectation
from lakehouse.declare.schema import quoted


def rules(write: Events) -> tuple[Expectation, ...]:
    """What is asked of each event."""
    at, arrived = quoted(write.at), quoted(write.arrived)
    ahead = micros(write.ahead, "ahead")
    latest = f"timestamp_micros(try_add(unix_micros({arrived}), {ahead}))"
    return (
        Expectation(f"{write.at} is given", f"{at} IS NOT NULL"),
        # Beyond these windows cannot be counted, and Python has no dates.
        Expectation(f"{write.at} has a year of four digits", f"year({at}) BETWEEN 1 AND 9999"),
        Expectation(f"{write.at} is not after {write.arrived}", f"{at} <= {latest}"),
    )
