"""The ways in which a table may change."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.declare.events import Events, Sessions, Windows


@dataclass(frozen=True)
class Append:
    """Rows are only ever added.

    Args:
        partition: A column by whose values the files are parted; None: they are not parted.
    """

    partition: str | None = None


@dataclass(frozen=True)
class Merge:
    """One row a key; the others count as duplicate.

    The row that is newest by `newest_by` stands (NULL is older than any). Among rows that are
    equally new, and where there is no `newest_by`, their content decides, so that neither the
    order of arrival nor the ends of batches matter.

    Args:
        keys: The columns that tell rows apart; at least one. NULL is a value as any other: two rows
            with the same keys, NULL included, are one.
        newest_by: The column that orders the rows of a key, such as a time or a number.
    """

    keys: tuple[str, ...]
    newest_by: str | None = None


@dataclass(frozen=True)
class Replace:
    """A delivery states its whole partition: the newest one by `newest_by` stands.

    Rows with the same partition and `newest_by` are one delivery, which may arrive in parts.

    Args:
        partition: The column that says which partition a row is in; the files are parted by it.
        newest_by: The column that orders deliveries, such as the time at which one was made.
    """

    partition: str
    newest_by: str


@dataclass(frozen=True)
class Rebuild:
    """The partitions touched by new rows of any read are computed anew from its snapshots.

    A row of partition p is made of rows of the partitions from p - `back` up to p + `ahead`. So a
    changed row of partition q has those from q - `ahead` up to q + `back` computed anew.

    Args:
        partition: A column of whole numbers, such as the number of a day or a week.
        back: How many partitions before its own a row looks at; None: all of them.
        ahead: How many partitions after its own a row looks at.
    """

    partition: str
    back: int | None = 0
    ahead: int = 0


@dataclass(frozen=True)
class History:
    """The versions of things are kept: each row says from when to when it was valid.

    The transform makes events: a row says that from `sequence_by` on the thing `keys` has these
    values. The table holds a row for each version, valid from `sequence_by` up to, and without,
    `valid_to`; NULL there says that it still is. What the versions of a thing are depends on the
    set of its events alone, and not on the order in which they arrived.

    Beside the columns of the contract the table has `valid_to`, `is_current`, `event_times` (when
    the version was stated, and stated again) and `delete_times` (when it was said to be gone).

    Of several events of one thing and one time a delete stands, else the one whose content has the
    least hash; the others count as duplicate. An event without a time is set aside.

    Args:
        keys: The columns that tell things apart; at least one. NULL is a value as any other.
        sequence_by: The column from whose value on a row is valid: a TIMESTAMP, a DATE or a whole
            number.
        gone: A BOOLEAN column that the transform makes beside those of the contract. Where it is
            TRUE the thing was deleted at that time, and its other columns do not matter.
        snapshots: All rows of one `sequence_by` are one whole snapshot of all things, in as many
            parts as there are: a thing that is not among them was deleted at that time.
    """

    keys: tuple[str, ...]
    sequence_by: str
    gone: str | None = None
    snapshots: bool = False


VALID_TO, IS_CURRENT, EVENT_TIMES, DELETE_TIMES = (
    *("valid_to", "is_current", "event_times", "delete_times"),
)
ADDED = (VALID_TO, IS_CURRENT, EVENT_TIMES, DELETE_TIMES)
"""The columns that a `History` table has beside those of its contract."""


Write = Append | Merge | Replace | Rebuild | History | Events | Sessions | Windows

Growing = Append | Events | Sessions | Windows
"""The ways by which rows are only ever added: what follows such a table is given the new ones."""
