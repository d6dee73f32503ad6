"""Which partitions of a `Rebuild` table rows reach that changed, and what those are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.declare.schema import quoted
from lakehouse.declare.writes import Rebuild
from lakehouse.flow.literals import among


@dataclass(frozen=True)
class Partitions:
    """Some partitions of a column: `named` ones, None for rows without one, and those from `since`
    on; or `all` of them."""

    column: str
    named: frozenset[int | None] = frozenset()
    since: int | None = None
    all: bool = False

    @property
    def where(self) -> str:
        """The SQL condition that their rows meet."""
        if self.all:
            return "true"
        first = [] if self.since is None else [f"{quoted(self.column)} >= {self.since}"]
        named = [among(self.column, [*self.named])] if self.named or not first else []
        return " OR ".join(first + named)

    def __contains__(self, partition: int | None) -> bool:
        """Whether the partition is one of them."""
        later = self.since is not None and partition is not None and partition >= self.since
        return self.all or later or partition in self.named

    def may_be_between(self, least: int, most: int) -> bool:
        """Whether rows of which the partitions go from the one to the other may be of some of
        them. Rows without a partition are in no bounds."""
        if self.all or None in self.named or (self.since is not None and self.since <= most):
            return True
        return any(each is not None and least <= each <= most for each in self.named)


@dataclass(frozen=True)
class Reach:
    """What must be computed `anew`, and what of the reads is `needed` for it."""

    anew: Partitions
    needed: Partitions


def reach(write: Rebuild, changed: Sequence[int | None]) -> Reach:
    """What rows of the partitions that changed reach.

    A row of p is made of p - back to p + ahead, so rows of s reach from s - ahead to s + back.
    Rows without a partition (None) are made of one another.
    """
    column = write.partition
    known = sorted({p for p in changed if p is not None})
    without = {None} if None in changed else set[None]()
    if write.back is None and known:
        later = Partitions(column, frozenset(without), known[0] - write.ahead)
        return Reach(later, Partitions(column, all=True))
    back = write.back or 0
    anew = {p for s in known for p in range(s - write.ahead, s + back + 1)}
    read = {p for t in anew for p in range(t - back, t + write.ahead + 1)}
    return Reach(*(Partitions(column, frozenset({*each, *without})) for each in (anew, read)))


def reach_from(write: Rebuild, first: int) -> Reach:
    """As `reach`: all partitions from `first` on are computed anew."""
    column, back = write.partition, write.back
    needed = Partitions(column, since=first - back if back is not None else None, all=back is None)
    return Reach(Partitions(column, since=first), needed)
