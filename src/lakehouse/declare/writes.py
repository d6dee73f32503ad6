"""The ways in which a table may change."""

from __future__ import annotations

from dataclasses import dataclass


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


Write = Append | Merge | Replace | Rebuild
