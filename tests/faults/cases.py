"""Faults other than a kill, a name each: what they come to, and whether nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from tests.faults.case import Case
from tests.faults.databases import database_gone
from tests.faults.hostile import lines_of, told
from tests.faults.killing import run
from tests.faults.large import large_batch
from tests.faults.s3 import s3_503, s3_lost_reply, s3_timeout
from tests.faults.topics import broker_gone, messages_twice, more_partitions, topic_anew
from tests.faults.ways import TABLES, Way

from lakehouse.base.errors import LakehouseError
from lakehouse.flow.rebuild_table import rebuild_tables

if TYPE_CHECKING:
    from tests.faults.rounds import Bench

KIND = "files"
FREE = 100_000
"""Bytes that are left on the full disk."""


def _case(bench: Bench, home: Path) -> Case:
    return Case(bench, Way(home, home / "landing", "sales"), KIND)


def two_writers(bench: Bench, home: Path) -> tuple[str, list[str]]:
    """Two runs at a time: one of them is refused."""
    case, said = _case(bench, home), []

    def second() -> None:
        try:
            case.take()
        except LakehouseError as error:
            said.append(str(error))

    case.land()
    ended = run(case.way, KIND, then=second)
    said += ended.fault.strip().splitlines()[-1:]
    return " ".join(said), case.came_out()


def cut_checkpoint(bench: Bench, home: Path) -> tuple[str, list[str]]:
    """The last page of a checkpoint is cut; the table is made anew, as its error says."""
    case = _case(bench, home)
    pages = Path(case.lake.place.checkpoint("silver.sales")) / "offsets"
    last = max((page for page in pages.iterdir() if page.name.isdecimal()), key=_number)
    _cut(last)
    case.land()
    sentence = case.refused()
    rebuild_tables(case.lake, [t for t in TABLES[KIND] if t.name == "silver.sales"])
    return sentence, case.came_out()


def _number(page: Path) -> int:
    return int(page.name)


def _cut(page: Path) -> None:
    page.write_bytes(page.read_bytes()[:-20])
    page.with_name(f".{page.name}.crc").unlink(missing_ok=True)


def other_checkpoint(bench: Bench, home: Path) -> tuple[str, list[str]]:
    """The checkpoint of another query stands in the place of a table's own."""
    case = _case(bench, home)
    own, other = map(case.lake.place.checkpoint, ("gold.weeks", "silver.tags"))
    shutil.rmtree(own)
    shutil.copytree(other, own)
    case.land()
    sentence = case.refused()
    rebuild_tables(case.lake, [t for t in TABLES[KIND] if t.name == "gold.weeks"])
    return sentence, case.came_out()


def clock_back(bench: Bench, home: Path) -> tuple[str, list[str]]:
    """The clock of Python goes back by a day, between a landing and the next."""
    case = _case(bench, home)

    class Yesterday(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) - timedelta(days=1)

    with patch("lakehouse.lake.add.datetime", Yesterday):
        case.next()
    return "", case.came_out()


def full_disk(bench: Bench, home: Path) -> tuple[str, list[str]]:
    """No room is left; what filled the disk is taken away, and the same run goes on."""
    with _small_disk(home):
        case = _case(bench, home)
        filler = home / "filler"
        room = os.statvfs(home)
        with filler.open("wb") as file:
            file.write(b"\0" * (room.f_bavail * room.f_frsize - FREE))
        case.land()
        sentence = case.refused()
        filler.unlink()
        return sentence, case.came_out()


@contextmanager
def _small_disk(home: Path) -> Iterator[None]:
    """A disk of 64 MB at a folder. Raises LakehouseError where nobody may mount one."""
    home.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(home)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        what = f"no small disk can be mounted: {done.stderr.strip()}"
        raise LakehouseError(what, str(home), "run this case as root, on Linux")
    try:
        yield
    finally:
        subprocess.run(["umount", str(home)], check=False)


def hostile(bench: Bench, home: Path) -> tuple[str, list[str]]:
    """Lines that no sender should send come among good ones, in two landings."""
    lines = lines_of(bench.records, bench.seed)
    found = told(bench.spark, home, lines, landings=2)
    sizes = [len(line) for some in lines.values() for line in some]
    return f"{len(sizes):,} hostile records, {sum(sizes) / 1e6:,.0f} MB", found


CASES: dict[str, Callable[[Bench, Path], tuple[str, list[str]]]] = {
    "two-writers": two_writers,
    "cut-checkpoint": cut_checkpoint,
    "other-checkpoint": other_checkpoint,
    "clock-back": clock_back,
    "full-disk": full_disk,
    "large-batch": large_batch,
    "broker-gone": broker_gone,
    "messages-twice": messages_twice,
    "more-partitions": more_partitions,
    "topic-anew": topic_anew,
    "database-gone": database_gone,
    "s3-503": s3_503,
    "s3-timeout": s3_timeout,
    "s3-lost-reply": s3_lost_reply,
    "hostile": hostile,
}
"""What each is called: it gives the sentence that was said, and what came out otherwise."""
