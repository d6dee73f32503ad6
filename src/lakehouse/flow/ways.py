"""What waits for what: tables in rows, each of which follows the one before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache

Follows = Mapping[str, Collection[str]]
"""The tables that each table follows, by name; some of them may be none of its keys."""


def longest_way(follows: Follows, cost: Mapping[str, float]) -> dict[str, float]:
    """What the dearest row of tables costs that begins with each table."""

    @cache
    def way(name: str) -> float:
        behind = (way(other) for other, fed in follows.items() if name in fed)
        return cost[name] + max(behind, default=0.0)

    return {name: way(name) for name in follows}


def above(follows: Follows) -> dict[str, frozenset[str]]:
    """The tables that each table is made of, at any distance."""

    @cache
    def of(name: str) -> frozenset[str]:
        return frozenset(follows[name]).union(*(of(fed) for fed in follows[name] if fed in follows))

    return {name: of(name) for name in follows}
