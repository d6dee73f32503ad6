"""Whether what a table holds is what its declaration would make, told before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.changes import Change, changes
from lakehouse.declare.definition import Definition, definition_of, role
from lakehouse.declare.table import Table
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.lake import Lake
from lakehouse.lake.builds import Event, History, histories, record

State = Literal["new", "adopted", "unchanged", "changed", "stale", "replaced"]
"""`adopted`: made before definitions were kept. `changed`: some of its rows were made by another
definition. `stale`: rows of what it reads are others since. `replaced`: another definition was put
in the place of this one, so that this code is the older."""


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a table. `reasons`: why it is not up to date, a few words each."""

    table: Table
    definition: Definition
    history: History
    build: int
    state: State
    reads: Mapping[str, int]
    reasons: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether nothing is to be decided about it."""
        return self.state in ("new", "adopted", "unchanged")

    @property
    def refusal(self) -> LakehouseError | None:
        """Why the table cannot go on as it is; None where it can."""
        name = self.table.name
        if self.state == "replaced":
            return LakehouseError(
                f"this code is not the newest: {'; '.join(self.reasons)}",
                name,
                f"deploy the newer code, or go back to this one: lakehouse rebuild {name}",
            )
        if needed := [change.what for change in self.changes if change.needs == "rebuild"]:
            return LakehouseError(
                f"cannot go on as it was declared anew: {'; '.join(needed)}",
                name,
                f"make it anew from what it reads: lakehouse rebuild {name} --with-downstream",
            )
        return None

    @property
    def event(self) -> Event | None:
        """What a run is to record of it; None where that is known already."""
        name, digest = self.table.name, self.definition.digest
        at = Event(name, self.build, "new", self.definition, self.reads)
        if self.state in ("new", "adopted"):
            return replace(at, kind="new" if self.state == "new" else "adopted")
        base = self.history.base
        known = [base, *self.history.undecided]
        if self.refusal or any(each and each.definition.digest == digest for each in known):
            return None
        return replace(at, kind="run")


def verdicts(
    lake: Lake, tables: Sequence[Table], known: Mapping[str, History] | None = None
) -> dict[str, Verdict]:
    """A verdict for each table that is refreshed. Changes nothing."""
    known = histories(lake) if known is None else known
    todo = [table for table in tables if table.transform is not None]
    there = {table.name: lake.exists(table.name) for table in todo}
    editions = {name: history.edition for name, history in known.items()}
    for table in todo:
        if table.name in known and not there[table.name]:
            editions[table.name] += known[table.name].next_build - known[table.name].build
    return {table.name: _verdict(lake, table, known, editions, there[table.name]) for table in todo}


def go_on(lake: Lake, about: Mapping[str, Verdict]) -> None:
    """Records what a run is about to do, and says aloud where a table is not up to date.

    Raises LakehouseError where `stream.strict` is set and any is not.
    """
    late = [each for each in about.values() if not each.is_current]
    if late and lake.settings.stream.strict:
        raise LakehouseError(
            f"not up to date with their definitions: {', '.join(e.table.name for e in late)}",
            "stream.strict",
            "see what has changed: lakehouse plan",
        )
    for each in late:
        if each.refusal is None:
            detail = (
                f"{each.state.upper()}: {'; '.join(each.reasons)}. Its rows so far stay as they "
                f"were made. Decide: lakehouse plan {each.table.name}"
            )
            progress.emit(progress.Event("table", each.table.name, "note", detail=detail))
    events = [event for each in about.values() if (event := each.event)]
    record(lake, [replace(each, version=_version(lake, each.table)) for each in events])


def _verdict(
    lake: Lake,
    table: Table,
    known: Mapping[str, History],
    editions: Mapping[str, int],
    there: bool,
) -> Verdict:
    definition = definition_of(table)
    history = known.get(table.name, History())
    build = history.build if there else history.next_build
    reads = {r.name: editions.get(r.name, 1) for r in table.reads if isinstance(r, Table)}
    verdict = Verdict(table, definition, history, build, "unchanged", reads)
    base = history.base
    if base is None:
        return replace(verdict, state="adopted" if there and _begun(lake, table, build) else "new")
    if not there:
        return replace(verdict, state="new")
    others = [e for e in (base, *history.undecided) if e.definition.digest != definition.digest]
    if others and not _begun(lake, table, build):
        return replace(verdict, state="new")  # nothing was made of it yet
    if put := history.replaced(definition.digest):
        since = f" on {put.at:%Y-%m-%d %H:%M} UTC" if put.at else ""
        what = _told(changes(definition, put.definition))
        return replace(verdict, state="replaced", reasons=(f"it was replaced{since}", *what))
    if others:
        each = (change for other in others for change in changes(other.definition, definition))
        found = tuple(dict.fromkeys(each))
        return replace(verdict, state="changed", reasons=_told(found), changes=found)
    stale = [
        f"{name} {known.get(name, History()).since(base.reads.get(name, 1))}"
        for name in reads
        if base.reads.get(name, 1) != reads[name] and not _comes_down(table, name)
    ]
    return replace(verdict, state="stale", reasons=tuple(stale)) if stale else verdict


def _begun(lake: Lake, table: Table, build: int) -> bool:
    """Whether anything was made of a table that is there: by its query, or by one that read another
    topic, or files, before."""
    return Checkpoint.of(lake, table, build).begun >= 0 or lake.version(table.name) > 0


def _version(lake: Lake, name: str) -> int:
    """The version of a table after which its rows are of what is recorded."""
    return lake.version(name) if lake.exists(name) else 0


def _comes_down(table: Table, name: str) -> bool:
    """Whether all that happens to the rows of a read reaches the table by itself."""
    return any(role(table, read) == "feed" for read in table.reads if read.name == name)


def _told(found: Sequence[Change]) -> tuple[str, ...]:
    return tuple(change.what for change in found)
