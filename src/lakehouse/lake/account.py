"""The accounting of a batch: every landed row is somewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from lakehouse.base.errors import LakehouseError


@dataclass(frozen=True)
class Batch:
    """One micro-batch of one query: the identity under which a commit happens once.

    `query` is the id of the streaming query, which lives as long as its checkpoint.
    """

    table: str
    query: str
    number: int

    @property
    def app(self) -> str:
        """The transaction application under which Delta remembers `number`."""
        return f"{self.table}/{self.query}"


@dataclass(frozen=True)
class Account:
    """Rows of a batch. `rules`: broken rows by rule (a row may break several).

    Before a batch is written, `kept` and `duplicate` are what its own rows come to; what the table
    holds already is counted by the commit.
    """

    landed: int
    kept: int
    quarantined: int = 0
    duplicate: int = 0
    dropped: int = 0
    rules: Mapping[str, int] = field(default_factory=dict)

    def check(self, batch: Batch) -> Account:
        """Itself, or LakehouseError where a row is unaccounted for."""
        accounted = self.kept + self.quarantined + self.duplicate + self.dropped
        if self.landed != accounted:
            raise LakehouseError(
                f"{self.landed} rows landed but {accounted} are accounted for "
                f"(kept {self.kept} + quarantined {self.quarantined} + duplicate "
                f"{self.duplicate} + dropped {self.dropped})",
                f"{batch.table}, batch {batch.number}",
                "a transform may neither lose nor multiply rows: look at its joins and filters",
            )
        return self


def note(batch: Batch, account: Account | None) -> str:
    """What a commit says of itself, so that a batch killed after it is not lost track of."""
    return json.dumps(
        {"query": batch.query, "batch": batch.number, "account": account and asdict(account)}
    )


def noted(metadata: str | None, batch: Batch) -> dict[str, Any] | None:
    """What the commit of this very batch noted, or None if it is another's."""
    if not metadata or not metadata.startswith("{"):
        return None
    content: dict[str, Any] = json.loads(metadata)
    same = content.get("query") == batch.query and content.get("batch") == batch.number
    return content if same else None
