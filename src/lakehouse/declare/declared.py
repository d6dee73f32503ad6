"""What the laws of declarations look at of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from lakehouse.declare.writes import Write


class Table(Protocol):
    """A table, as far as its laws ask."""

    @property
    def name(self) -> str:
        """`layer.name`."""

    @property
    def layer(self) -> str:
        """What stands before the point."""

    @property
    def schema(self) -> str:
        """The contract, as DDL."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns."""

    @property
    def reads(self) -> Sequence[Any]:
        """Sources and tables."""

    @property
    def transform(self) -> Any:
        """What makes its rows; None where a job does."""

    @property
    def rules(self) -> Sequence[Any]:
        """The rules of its rows, its own and those that come with the way it is written."""

    @property
    def where(self) -> str | None:
        """The condition that its rows are filtered by; None where all are its own."""

    @property
    def write(self) -> Write:
        """How it may change."""

    @property
    def keeps_records(self) -> bool:
        """Whether it has every record of its source as it landed."""

    @property
    def one_to_many(self) -> bool:
        """Whether a landed row may become several."""

    @property
    def followed(self) -> Any:
        """The `Merge` table that it follows key by key; None if it follows none."""

    @property
    def watched(self) -> Sequence[Any]:
        """The tables whose changes it follows, where these may be several."""
