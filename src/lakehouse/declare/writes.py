"""The ways in which a table may change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Append:
    """Rows are only ever added. `partition`: a column that its files are parted by."""

    partition: str | None = None


@dataclass(frozen=True)
class Merge:
    """One row a key; the others count as duplicate.

    The row that is newest by `newest_by` stands (NULL is older than any). Among rows that are
    equally new, and where there is no `newest_by`, their content decides, so that neither the
    order of arrival nor the ends of batches matter.
    """

    keys: tuple[str, ...]
    newest_by: str | None = None


@dataclass(frozen=True)
class Replace:
    """A delivery states its whole partition: the newest one by `newest_by` stands.

    Rows with the same partition and `newest_by` are one delivery, which may arrive in parts.
    """

    partition: str
    newest_by: str


@dataclass(frozen=True)
class Rebuild:
    """The partitions touched by new rows of any read are computed anew from its snapshots.

    `partition` is an integer column. A row of partition p is made of rows of the
    partitions from p - `back` (None: from the beginning) up to p + `ahead`.
    """

    partition: str
    back: int | None = 0
    ahead: int = 0


Write = Append | Merge | Replace | Rebuild
