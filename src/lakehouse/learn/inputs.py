"""The tables that a model reads, each at one version: what a training or a score came from."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.declare.model import Frames, Model
from lakehouse.lake import Lake


@dataclass(frozen=True)
class Input:
    """A version of a table. `id` is Delta's own: a table that is made anew has another one, and
    counts its versions from 0 again."""

    table: str
    id: str
    version: int


def inputs(lake: Lake, model: Model, at: int | None = None) -> tuple[Input, ...]:
    """The newest version of each table in `model.reads`, in this order; the first one's is `at`."""
    newest = [
        Input(each.name, lake.id(each.name), lake.rows_version(each.name)) for each in model.reads
    ]
    if at is not None:
        newest[0] = Input(newest[0].table, newest[0].id, at)
    return tuple(newest)


def read(lake: Lake, versions: tuple[Input, ...]) -> Frames:
    """The rows of these versions, in their order."""
    return tuple(lake.read(each.table, each.version) for each in versions)
