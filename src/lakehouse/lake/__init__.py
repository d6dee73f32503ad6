"""The lake: the one place that touches storage."""

from lakehouse.lake.account import Account, Batch
from lakehouse.lake.lake import Commit, Lake

__all__ = ["Account", "Batch", "Commit", "Lake"]
