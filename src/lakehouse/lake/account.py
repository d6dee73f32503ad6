"""The accounting of a batch: every landed row is somewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from lakehouse.base.errors import LakehouseError

INFLOW = ("landed", "added")
"""Rows that came in: landed, and those that landed rows became beyond one each."""
OUTFLOW = (
    *("kept", "quarantined", "duplicate", "dropped", "passed_over"),
    *("late", "held", "combined"),
)
"""Where they went: the sum of these is that of the inflow."""
RARE = ("added", "late", "held", "combined")
"""Counts that are 0 but for a few ways of writing: named where they are not."""
COUNTS = (*INFLOW, *OUTFLOW)
"""What an account counts."""

AGAIN, TAKEN_BACK = "/again", "/taken back"
"""How the batches of a query are called that take files which were delivered again, and those that
take away what had come of these before."""


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

    Of a table that waits for windows to end: `late` came after the end, `combined` are the rows
    that were made one with others, and `held` is by how many more (or, below 0, less) rows it waits
    with than before: the sum over its batches is what it waits with now.

    `files_read` and `files_skipped`: of the tables in which a batch looks for some rows, a merge in
    its own, a rebuild in those that it follows; None where it looks for none, or only Spark knows.
    """

    landed: int
    kept: int
    quarantined: int = 0
    duplicate: int = 0
    dropped: int = 0
    passed_over: int = 0
    added: int = 0
    late: int = 0
    held: int = 0
    combined: int = 0
    rules: Mapping[str, int] = field(default_factory=dict)
    files_read: int | None = field(default=None, compare=False)
    files_skipped: int | None = field(default=None, compare=False)

    def having_read(self, files: int, of: int) -> Account:
        """The same account, and how many files of how many may have had what the batch needed."""
        return replace(self, files_read=files, files_skipped=of - files)

    @property
    def fault(self) -> str:
        """In what way it does not add up; empty where it does."""
        accounted = sum(getattr(self, name) for name in OUTFLOW)
        if self.landed + self.added == accounted:
            return ""
        added = f" and {self.added} were added" if self.added else ""
        told = [name for name in OUTFLOW if name not in RARE or getattr(self, name)]
        return (
            f"{self.landed} rows landed{added} but {accounted} are accounted for "
            f"({' + '.join(f'{spoken(name)} {getattr(self, name)}' for name in told)})"
        )

    def check(self, batch: Batch) -> None:
        """Raise LakehouseError where a row is unaccounted for."""
        if self.fault:
            raise LakehouseError(
                self.fault,
                f"{batch.table}, batch {batch.number}",
                "a transform may neither lose nor multiply rows: look at its joins and filters, or "
                "declare the table one_to_many",
            )


def spoken(count: str) -> str:
    """The name of a count as prose writes it."""
    return count.replace("_", " ")


@dataclass(frozen=True)
class Entry:
    """What a commit says of itself: the batch that it is of, and where that one's rows went.

    `account` is None where the rows are counted elsewhere; `notes` say what was odd about the
    batch, a sentence each. `state` is what the next batch must know of this one and all before.
    """

    batch: Batch
    account: Account | None = None
    notes: tuple[str, ...] = ()
    state: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        """As JSON, which Delta keeps beside the commit."""
        return json.dumps(asdict(self))


def entry(metadata: str | None) -> Entry | None:
    """What the commit with this metadata says of itself; None where it is not one of ours."""
    if not metadata or not metadata.startswith('{"batch"'):
        return None
    content = json.loads(metadata)
    account, state = content["account"], content.get("state")
    return Entry(
        Batch(**content["batch"]), account and Account(**account), tuple(content["notes"]), state
    )


def state_of(metadata: str | None) -> Mapping[str, Any] | None:
    """What a commit with this metadata says of the state of its table; None where it does not."""
    if not metadata or not metadata.startswith("{"):
        return None
    try:
        state = json.loads(metadata).get("state")
    except ValueError:  # a commit of another program
        return None
    return state if isinstance(state, dict) else None
