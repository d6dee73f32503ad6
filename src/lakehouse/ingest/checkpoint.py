"""What a query's checkpoint says: where it stands, what it follows, which files a batch took.

Read from the logs that Spark keeps there, a small text file each; nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.source import Source
from lakehouse.declare.table import Table
from lakehouse.ingest.kafka import topic_of
from lakehouse.lake.files import Storage, plain
from lakehouse.lake.lake import Lake


@dataclass(frozen=True)
class Checkpoint:
    """The checkpoint of the query that fills a table."""

    folder: str
    storage: Storage

    @staticmethod
    def of(lake: Lake, table: Table, build: int = 1) -> Checkpoint:
        """The checkpoint of a build of a table of this lake, made or not.

        One for each way by which the records of its source arrive: where files came first, and
        messages do now, the table goes on with these.
        """
        first = table.reads[0] if table.reads else None
        topic = topic_of(lake.settings, first) if isinstance(first, Source) else ""
        folder = lake.place.checkpoint(table.name, build, topic)
        return Checkpoint(folder, lake.storage(folder))

    @property
    def query(self) -> str:
        """The id of the query, which it has for as long as its checkpoint lives.

        Raises OSError before its first run.
        """
        page = f"{self.folder}/metadata"
        return str(_value(self.storage.read(page), page)["id"])

    @property
    def begun(self) -> int:
        """The number of the last batch that was begun; -1 where there is none."""
        return self._last("offsets")

    @property
    def unfinished(self) -> int | None:
        """The batch that was begun and not finished, which the next start runs again.

        It may be written or not; every later batch is written for the first time.
        """
        begun = self.begun
        return begun if begun > self._last("commits") else None

    @property
    def topic_folder(self) -> str:
        """The folder of the id of the topic that the query reads."""
        return f"{self.folder}/topic"

    @property
    def topic(self) -> str:
        """The id of the topic that the query reads; empty where it is not known."""
        pages = self.storage.files(self.topic_folder)
        return "".join(self.storage.read(page.path).strip() for page in pages)

    def sources(self) -> int | None:
        """How many sources the query follows; None before its first batch."""
        begun = self.begun
        return None if begun < 0 else len(self._offsets(begun))

    def versions(self) -> list[int]:
        """The version from which each table that the query follows is read next."""
        begun = self.begun
        offsets = self._offset_values(begun) if begun >= 0 else []
        return [int(each.get("reservoirVersion", 0)) for each in offsets]

    def next_versions(self) -> list[tuple[str, int]] | None:
        """The id of each table that the query follows, and the version that it reads next; None
        before its first batch, and where it has begun one, or a version, and not finished it."""
        begun = self.begun
        if begun < 0 or self.unfinished is not None:
            return None
        offsets = self._offset_values(begun)
        if any(at.get("index") != -1 for at in offsets):  # what is left of a version has an index
            return None
        return [(str(at["reservoirId"]), int(at["reservoirVersion"])) for at in offsets]

    def spans(self, batch: int) -> list[tuple[int, int]]:
        """The versions of each table that the query follows which a batch takes, at most: from the
        first on, up to the second."""
        ends = [self._offset_values(nth) if nth >= 0 else [] for nth in (batch - 1, batch)]
        before, after = ([int(at.get("reservoirVersion", 0)) for at in each] for each in ends)
        more = [int(at.get("index", -1)) >= 0 for at in ends[1]]  # a part of one version more
        until = [version + part for version, part in zip(after, more, strict=True)]
        return [*zip(before or [0] * len(until), until, strict=True)]

    def read_to(self, topic: str, batch: int | None = None) -> dict[int, int]:
        """The offset by partition up to which the query has read a topic, or is about to: by a
        batch, or the last one that was begun."""
        number = self.begun if batch is None else batch
        offsets = self._offset_values(number)[0] if number >= 0 else {}
        return {int(number): int(end) for number, end in offsets.get(topic, {}).items()}

    def files(self, batch: int) -> list[str]:
        """The landed files of one batch of a query whose only source is a folder, in order."""
        before = self._log_offset(batch - 1) if batch else -1
        paths: list[str] = []
        for number in range(before + 1, self._log_offset(batch) + 1):
            paths += self._log(number)
        return sorted(paths)

    def taken(self) -> dict[str, int]:
        """The landed files that batches of the query have taken, and when each was changed then,
        in milliseconds since 1970.

        The list of files is written before the plan of their batch: what a kill between the two
        left there is taken by the next run.
        """
        folder = f"{self.folder}/sources/0"
        names = [file.name for file in self.storage.files(folder)]
        joined = {int(n.removesuffix(".compact")) for n in names if n.endswith(".compact")}
        last = max(joined, default=-1)
        pages = [f"{last}.compact"] if joined else []
        pages += [name for name in names if name.isdecimal() and int(name) > last]
        entries = (entry for page in pages for entry in self._page(f"{folder}/{page}"))
        planned = self._log_offset(self.begun) if self.begun >= 0 else -1
        return {
            plain(entry["path"]): int(entry["timestamp"])
            for entry in entries
            if entry["batchId"] <= planned
        }

    def _last(self, log: str) -> int:
        names = (file.name for file in self.storage.files(f"{self.folder}/{log}"))
        return max((int(name) for name in names if name.isdecimal()), default=-1)

    def _offsets(self, batch: int) -> list[str]:
        """The offset of each source: what follows the version and the settings of the batch."""
        return self.storage.read(f"{self.folder}/offsets/{batch}").splitlines()[2:]

    def _offset_values(self, batch: int) -> list[dict[str, Any]]:
        """As `_offsets`; empty for a source of which nothing is known yet, which Spark writes as
        `-`."""
        page = f"{self.folder}/offsets/{batch}"
        return [{} if each == "-" else _value(each, page) for each in self._offsets(batch)]

    def _log_offset(self, batch: int) -> int:
        return int(self._offset_values(batch)[0]["logOffset"])

    def _log(self, number: int) -> list[str]:
        """The files of one page of the source's log.

        Spark joins its pages every few batches into one `.compact` that holds all of them, and
        takes away those it joined.
        """
        folder = f"{self.folder}/sources/0"
        for name in (str(number), f"{number}.compact"):
            if self.storage.size(f"{folder}/{name}") is not None:
                return self._entries(f"{folder}/{name}", number)
        joined = sorted(
            int(file.name.removesuffix(".compact"))
            for file in self.storage.files(folder)
            if file.name.endswith(".compact")
        )
        later = next((each for each in joined if each > number), None)
        if later is None:
            raise LakehouseError(
                f"page {number} of the list of landed files is missing",
                folder,
                "restore the checkpoint whole, or take the table and it away and run again",
            )
        return self._entries(f"{folder}/{later}.compact", number)

    def _entries(self, page: str, number: int) -> list[str]:
        return [plain(each["path"]) for each in self._page(page) if each["batchId"] == number]

    def _page(self, page: str) -> Iterator[dict[str, Any]]:
        lines = self.storage.read(page).splitlines()[1:]  # the first names the format
        return (_value(line, page) for line in lines)


def _value(text: str, page: str) -> Any:
    """What a line of a page says. Raises LakehouseError where it is cut, as by a full disk or a
    copy that was not whole."""
    try:
        return json.loads(text)
    except ValueError:
        raise LakehouseError(
            "this page of a checkpoint cannot be read: it is cut, or of another program",
            page,
            "restore the checkpoint whole, or make the table anew: lakehouse rebuild",
        ) from None
