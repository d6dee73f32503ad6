"""The lake: the one place that touches storage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakehouse.lake.account import Account, Batch
from lakehouse.lake.log import Commit

if TYPE_CHECKING:
    from lakehouse.lake.lake import Lake

__all__ = ["Account", "Batch", "Commit", "Lake"]


def __getattr__(name: str) -> Any:
    """`Lake` comes with Spark, which a look at the logs does not need."""
    if name != "Lake":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lakehouse.lake.lake import Lake

    return Lake
