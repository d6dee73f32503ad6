"""What each table was made by, over time: its builds, and the definitions in each.

A build is all that came of one checkpoint; a rebuild begins the next one. Every decision is a row
of `ops.definitions`; nothing there is ever changed or taken away.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from lakehouse.base.errors import LakehouseError
from lakehouse.base.versions import installed
from lakehouse.declare.definition import Definition
from lakehouse.lake.add import add
from lakehouse.lake.glance import Glance, glance
from lakehouse.lake.lake import Lake
from lakehouse.lake.ops import DEFINITIONS

FORMAT = 1
"""Raised when an older engine could no longer read what a newer one says of a build."""

Kind = Literal["new", "adopted", "run", "accepted", "begun", "rebuilt", "given up", "taken back"]
"""`new`: its first rows. `adopted`: it was there before definitions were kept. `run`: rows were
added by another definition, undecided. `accepted`: its rows so far are to stay as they are.
`begun`, `rebuilt`, `given up`: of a build beside the one that serves. `taken back`: rows were taken
away, for their file was delivered again."""

DECIDED = ("new", "adopted", "accepted", "rebuilt")


@dataclass(frozen=True)
class Event:
    """One thing that was decided about a table. `reads`: the edition of each table it reads."""

    table: str
    build: int
    kind: Kind
    definition: Definition
    reads: Mapping[str, int] = field(default_factory=dict)
    version: int = 0
    at: datetime | None = None


@dataclass(frozen=True)
class History:
    """The events of one table, oldest first."""

    events: tuple[Event, ...] = ()

    @property
    def base(self) -> Event | None:
        """What its rows are meant to be made by: the last decision."""
        return next((each for each in reversed(self.events) if each.kind in DECIDED), None)

    @property
    def build(self) -> int:
        """The number of the build that serves."""
        return self.base.build if self.base else 1

    @property
    def edition(self) -> int:
        """Another and higher number after each time that rows of the table became others or less:
        what was made of it before is stale."""
        return self.build + sum(each.kind == "taken back" for each in self.events)

    def since(self, edition: int) -> str:
        """What happened to its rows after an edition of it, in a few words."""
        editions = [History(self.events[: at + 1]).edition for at in range(len(self.events))]
        later = {e.kind for e, at in zip(self.events, editions, strict=True) if at > edition}
        if "taken back" in later and not later & set(DECIDED):
            return "took a delivery in the place of another since"
        return "was made anew since"

    @property
    def next_build(self) -> int:
        """A number that no build of the table has yet."""
        return max((each.build for each in self.events), default=0) + 1

    @property
    def undecided(self) -> tuple[Event, ...]:
        """The definitions that made rows since the last decision, beside the one decided on."""
        if self.base is None:
            return ()
        since = self.events[self.events.index(self.base) + 1 :]
        return tuple(each for each in since if each.kind == "run")

    @property
    def begun(self) -> Event | None:
        """The build that is being made beside the one that serves."""
        last = next((e for e in reversed(self.events) if e.kind in ("begun", *_ENDS)), None)
        return last if last and last.kind == "begun" else None

    def replaced(self, digest: str) -> Event | None:
        """The decision that put another definition in the place of this one; None where this one
        was never decided on, or is the one that counts."""
        decided = [each for each in self.events if each.kind in DECIDED]
        if not decided or decided[-1].definition.digest == digest:
            return None
        digests = [each.definition.digest for each in decided]
        if digest not in digests:
            return None
        return decided[len(digests) - digests[::-1].index(digest)]


_ENDS = ("rebuilt", "given up")
_COLUMNS = ("table", "build", "event", "parts", "rule_names", "reads", "version", "format", "at")


def histories(lake: Lake) -> dict[str, History]:
    """The history of every table that has one: see `histories_of`."""
    return histories_of(glance(lake.settings, lambda: lake))


def histories_of(look: Glance) -> dict[str, History]:
    """The history of every table that has one.

    Raises LakehouseError where a newer engine wrote it in a way that this one cannot read.
    """
    if not look.exists(DEFINITIONS.name):
        return {}
    names = ", ".join(f"`{name}`" for name in _COLUMNS)
    events: dict[str, list[Event]] = {}
    for row in look.query(DEFINITIONS.name, f"SELECT {names} FROM t ORDER BY `at`, `build`"):
        table, build, kind, parts, rule_names, reads, at_version, written, at = row
        if written > FORMAT or kind not in get_args(Kind):
            raise LakehouseError(
                f"was written by a newer version of lakehouse (format {written}; this one knows "
                f"{FORMAT})",
                DEFINITIONS.name,
                "install that version; nothing was changed",
            )
        definition = Definition(parts, rule_names)
        event = Event(table, build, kind, definition, reads, at_version, at)
        events.setdefault(table, []).append(event)
    return {table: History(tuple(each)) for table, each in events.items()}


def record(lake: Lake, events: Iterable[Event]) -> None:
    """Adds events, in one commit."""
    todo = list(events)
    if not todo:
        return
    versions = made_with(lake.spark.version)
    rows = [
        {
            "table": each.table,
            "build": each.build,
            "event": each.kind,
            "definition": each.definition.digest,
            "parts": dict(each.definition.parts),
            "rule_names": dict(each.definition.rule_names),
            "reads": dict(each.reads),
            "version": each.version,
            "made_with": versions,
            "format": FORMAT,
        }
        for each in todo
    ]
    add(lake, DEFINITIONS, rows, now="at")


def made_with(spark: str) -> dict[str, str]:
    """What made a build, by version: for people to read, and no reason to make anything anew."""
    versions = {"python": platform.python_version(), "spark": spark}
    found = {package: installed(package) for package in ("lakehouse", "delta-spark")}
    return versions | {package: each for package, each in found.items() if each}
