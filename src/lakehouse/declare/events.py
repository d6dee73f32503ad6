"""The ways in which a table of events may change, and one that waits until a window of theirs is
over. To say what they are takes no Spark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lakehouse.base.errors import LakehouseError, did_you_mean

IS_LATE = "is_late"
"""BOOLEAN: the column that an `Events` table has beside those of its contract."""

WINDOW = "_window"
"""STRUCT<start: TIMESTAMP, end: TIMESTAMP>: the window that has ended, in each row of it."""

WINDOW_TYPE = "STRUCT<start: TIMESTAMP, end: TIMESTAMP>"

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_DURATION = re.compile(r"\s*(\d+)\s*([a-z]+?)s?\s*", re.IGNORECASE)


def micros(duration: str, where: str) -> int:
    """A duration such as "30 minutes" in microseconds. Raises LakehouseError where it is none."""
    found = _DURATION.fullmatch(duration)
    unit = found[2].lower() if found else ""
    if found is None or unit not in _UNITS:
        known = did_you_mean(unit, _UNITS) if found else ""
        what = f"{duration!r} is no length of time"
        raise LakehouseError(what, where, f"{known} Write it as '30 minutes' or '1 day'".strip())
    return int(found[1]) * _UNITS[unit] * 1_000_000


@dataclass(frozen=True)
class Events:
    """What happened, once each, in whatever order it arrives. Rows are only ever added.

    The watermark of the table is the latest event that had arrived, less `delay`. An event from
    before the watermark is late: it is kept, with TRUE in the column `is_late`, and `Sessions` and
    `Windows` that read the table count it and leave it out, for their results are out by then.
    What had arrived before an event is what came in an earlier batch, or has an earlier `arrived`
    (by the second) in the same one: so it does not matter how many files a batch takes, as long
    as batches keep the order of arrival.

    An event that has no time, or one out of the years 1 to 9999, or lies further than `ahead` after
    its own arrival, is set aside: a clock that is a year fast would make all that follows late.

    Args:
        at: The TIMESTAMP column that says when it happened.
        delay: How long the table waits for events that are under way: "1 hour".
        keys: The columns that tell apart events of one time. Of those with the same time and keys
            the first stands, however late another comes; that one is duplicate. NULL is a value as
            any other. None: nothing is a duplicate.
        arrived: The TIMESTAMP column that says when it arrived.
        ahead: How far after its arrival an event may lie.
    """

    at: str
    delay: str
    keys: tuple[str, ...] = ()
    arrived: str = "arrived_at"
    ahead: str = "5 minutes"

    def __post_init__(self) -> None:
        """Refuse what is no length of time."""
        micros(self.delay, "Events(delay=...)")
        micros(self.ahead, "Events(ahead=...)")


@dataclass(frozen=True)
class Sessions:
    """Rows are added for each session of events, once it has ended.

    Events with equal `by`, in all reads that are `Events`, are of one session as long as each comes
    less than `gap` after the one before. A session has ended when the watermark of every such read
    is `gap` or more after its last event: then the transform is given all its rows, with the column
    `_window`, from its first event up to its last one and `gap`. An event comes to the transform
    once; late ones do not.

    Args:
        by: The columns that each such read has, and whose values tell sessions apart; at least one.
        gap: The silence that ends a session: "30 minutes".
    """

    by: tuple[str, ...]
    gap: str

    def __post_init__(self) -> None:
        """Refuse sessions that nothing tells apart, or ends."""
        if not self.by:
            raise LakehouseError("Sessions of nothing", "Sessions(by=...)", "name a column")
        if not micros(self.gap, "Sessions(gap=...)"):
            what = "no silence at all ends a session"
            raise LakehouseError(what, "Sessions(gap=...)", "say '30 minutes'")


@dataclass(frozen=True)
class Windows:
    """Rows are added for each window of time, once it is over.

    Windows of `size` begin `every` so often, counted from 1970, and have an end that is not of
    them. When the watermark of every read that is `Events` has reached the end of one, the
    transform is given all its rows, with the column `_window`. An event is given to it once for
    each window that it is in; late ones are not.

    Args:
        size: How long a window is: "10 minutes".
        every: How often one begins; None: when the one before ends. `size` is a multiple of it.
    """

    size: str
    every: str | None = None

    def __post_init__(self) -> None:
        """Refuse windows that do not cover time evenly."""
        size, step = micros(self.size, "Windows(size=...)"), micros(self.step, "Windows(every=...)")
        if not step or not size or size % step:
            raise LakehouseError(
                f"windows of {self.size} cannot begin every {self.step}",
                "Windows(every=...)",
                "let the size be a multiple of it",
            )

    @property
    def step(self) -> str:
        """How often a window begins."""
        return self.every or self.size

    @property
    def overlap(self) -> int:
        """How many windows an event is in."""
        return micros(self.size, "size") // micros(self.step, "every")


Waiting = Sessions | Windows
"""The ways that add rows once a window is over."""
