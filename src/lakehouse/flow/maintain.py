"""Keeping tables quick to read and no larger than they need be: files joined, old ones removed.

What took part in nothing for the days of `lake.retention_days` goes. Versions that are named, such
as those that a model was trained on, are copied before they would become unreadable. All of it is
done under the table's lock, so that no batch is at work on the table meanwhile; who follows it
passes over the commits, which change no row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import takewhile

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError
from lakehouse.declare.table import Table
from lakehouse.flow.keep import feeds_of
from lakehouse.ingest.checkpoint import Checkpoint
from lakehouse.lake import Lake, upkeep
from lakehouse.lake.builds import History, histories
from lakehouse.lake.lock import MAINTAINED, HeldError, lock
from lakehouse.lake.log import CHANGES_NO_ROW, Commit
from lakehouse.lake.ops import ALL as OPS
from lakehouse.lake.properties import retention

WHOLE = "all tables"
"""What the lock of the whole is called, of which one run at a time has hold."""

PATIENCE = 60.0
"""Seconds that a batch at work on a table is waited for."""

CONFLICTS = ("DELTA_CONCURRENT", "DELTA_METADATA_CHANGED")
"""What Delta says where another program wrote to a table meanwhile, and no lock kept it out."""


@dataclass(frozen=True)
class Upkeep:
    """What was done to a table.

    Args:
        table: Its name.
        before: Its files at first.
        after: Its files now.
        pinned: Versions that were copied.
        pages: Old pages of its log that were removed.
        swept: Whether old files were looked for and removed.
        kept: Why nothing old was removed, where it might have been.
        missed: Why it was left as it is.
    """

    table: str
    before: int = 0
    after: int = 0
    pinned: tuple[int, ...] = ()
    pages: int = 0
    swept: bool = False
    kept: str = ""
    missed: str = ""

    def __str__(self) -> str:
        """For the line of a table in the terminal."""
        if self.missed:
            return f"left as it is: {self.missed}"
        parts = []
        if self.before != self.after:
            parts.append(f"{self.before:,} files joined to {self.after:,}")
        if self.pinned:
            parts.append(f"version {', '.join(map(str, self.pinned))} copied, for models name it")
        if self.swept:
            parts.append("old files removed")
        if self.pages:
            parts.append(f"{self.pages:,} old pages of its log removed")
        if self.kept:
            parts.append(f"nothing old removed: {self.kept}")
        return "; ".join(parts) or "nothing to do"


def maintain(
    lake: Lake, tables: Sequence[Table], named: Mapping[str, Collection[int]]
) -> list[Upkeep]:
    """Maintains those of the tables that are there, and the lake's own.

    A table that another run is at work on for longer than PATIENCE is left as it is. One that
    cannot be maintained stops none of the others; its error is raised when these are done. Raises
    HeldError where the lake is being maintained already.

    Args:
        lake: Where they are.
        tables: All tables of the project: who follows one is among them.
        named: The versions of each table that are to be readable for good.
    """
    done: list[Upkeep] = []
    errors: list[Exception] = []
    with lock(lake, WHOLE, MAINTAINED):
        known = histories(lake)
        for table in (*tables, *OPS):
            try:
                if lake.exists(table.name):
                    work = _Work(lake, table, tables, known, named.get(table.name, ()))
                    done.append(_reported(work))
            except Exception as error:  # told by its step
                errors.append(error)
    if errors:
        raise errors[0]
    return done


def _reported(work: _Work) -> Upkeep:
    name = work.table.name
    with progress.step(name, "table") as facts:
        try:
            with lock(work.lake, name, MAINTAINED, PATIENCE):
                done = work()
        except HeldError as error:
            done = Upkeep(name, missed=error.what)
        except Exception as error:
            if not any(sign in str(error) for sign in CONFLICTS):
                raise
            done = Upkeep(name, missed="another program wrote to it meanwhile")
        facts["detail"] = str(done)
    return done


@dataclass(frozen=True)
class _Work:
    """All that is done to one table, in an order in which nothing is lost where it ends early."""

    lake: Lake
    table: Table
    tables: Sequence[Table]
    known: Mapping[str, History]
    named: Collection[int]

    def __call__(self) -> Upkeep:
        lake, name, days = self.lake, self.table.name, self._days
        pins = tuple(filter(self._pin, self._aged()))
        lake.tell(name, retention(name, days))
        before, less = upkeep.count_files(lake, name)
        done = Upkeep(name, before, before, pins)
        if less >= upkeep.MANY:
            upkeep.join_files(lake, name)
            done = replace(done, after=upkeep.count_files(lake, name)[0])
        if done.after < before or upkeep.needs_checkpoint(lake, name):
            upkeep.make_checkpoint(lake, name)
        has_old, pages = upkeep.has_old_files(lake, name, days), upkeep.old_pages(lake, name, days)
        if not has_old and pages < upkeep.PAGES:
            return done
        if kept := self._unread():
            return replace(done, kept=kept)
        if has_old:
            upkeep.remove_files(lake, name)
        if pages >= upkeep.PAGES and self._needs_no_old_page():
            upkeep.remove_pages(lake, name)
            done = replace(done, pages=pages)
        return replace(done, swept=has_old)

    @property
    def _days(self) -> int:
        return self.lake.settings.lake.retention_days

    @property
    def _half(self) -> datetime:
        """What is older has only half of its days left, or less."""
        return datetime.now(timezone.utc) - timedelta(days=self._days / 2)

    def _aged(self) -> Iterator[int]:
        """The named versions that are old, and whose rows the table has no more."""
        if not self.named:
            return iter(())
        at, newest = (
            upkeep.ages(self.lake, self.table.name),
            self.lake.rows_version(self.table.name),
        )
        return (v for v in sorted(self.named) if v < newest and v in at and at[v] < self._half)

    def _pin(self, version: int) -> bool:
        """Copies a version; False where there is a copy, or nothing to copy any more."""
        if self.lake.pinned(self.table.name, version) is not None:
            return False
        try:
            upkeep.pin(self.lake, self.table.name, version)
        except LakehouseError as error:
            note = progress.Event("table", self.table.name, "note", detail=error.what)
            progress.emit(note)
            return False
        return True

    def _unread(self) -> str:
        """Why nothing old may go yet: a table that follows has not read it."""
        for name, next_ in self._followers():
            changes = [each for each in self._since(next_) if each.operation not in CHANGES_NO_ROW]
            if changes and changes[-1].at < self._half:
                return f"{name} has not read it since {changes[-1].at:%Y-%m-%d}"
        return ""

    def _needs_no_old_page(self) -> bool:
        """Whether no page that is old is the next one that a follower opens, though it changes no
        row, or the newest one that does: those say what the table holds, and what it waits with."""
        at = upkeep.ages(self.lake, self.table.name)
        changed = at[self.lake.rows_version(self.table.name)]
        if changed < datetime.now(timezone.utc) - timedelta(days=self._days):
            return False
        half = self._half
        return all(next_ not in at or at[next_] >= half for _, next_ in self._followers())

    def _followers(self) -> Iterator[tuple[str, int]]:
        """Tables that follow this one, and the version that each reads next.

        One that has not begun is not among them: it begins with the table as it is.
        """
        for each in self.tables:
            names = [read.name for read in feeds_of(each)]
            if self.table.name not in names:
                continue
            history = self.known.get(each.name, History())
            for build in {history.build, *([history.begun.build] if history.begun else [])}:
                versions = Checkpoint.of(self.lake, each, build).versions()
                if len(versions) == len(names):
                    yield each.name, versions[names.index(self.table.name)]

    def _since(self, version: int) -> Iterator[Commit]:
        commits = self.lake.commits(self.table.name)
        return takewhile(lambda commit: commit.version >= version, commits)
