"""How much memory there is, and whether a heap fits: the machine's, or its container's."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from lakehouse.base.errors import LakehouseError

UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
BESIDE_HEAP = 512 * 2**20
"""What the JVM and Python want beside the heap, in bytes."""
LEAST_LEFT = 2**30
"""With less than this to be had, in bytes, no heap of a useful size can fill."""


def size_in_bytes(text: str, where: str = "spark.heap") -> int:
    """Bytes of a size as Java writes it: `6g`, `512m`, `6gb`.

    Raises LakehouseError for anything else, and for 0.
    """
    size = re.fullmatch(r"\s*(\d+)\s*([kmgt]?)b?\s*", text, re.IGNORECASE)
    if not size or not int(size[1]):
        raise LakehouseError(f"{text!r} is no size of memory", where, "Write it as 6g or 512m")
    return int(size[1]) * UNITS[size[2].lower()]


def check_heap(heap: str) -> None:
    """Raise LakehouseError if a Java heap of that size cannot fit here."""
    wanted = size_in_bytes(heap)
    there, left = memory_there(), memory_left()
    if there and wanted + BESIDE_HEAP > there:
        fits = max(there - max(there // 4, BESIDE_HEAP), UNITS["m"])
        raise LakehouseError(
            f"a heap of {heap} does not fit into {_gib(there)} of memory",
            "spark.heap",
            f"Ask for less, such as {fits // UNITS['m']}m",
        )
    if left is not None and left < min(wanted, LEAST_LEFT):
        raise LakehouseError(
            f"no memory is left for a heap of {heap}: {_gib(left)} of {_gib(there)} are free",
            "spark.heap",
            "End what else is running, or ask for less",
        )


def memory_there(root: Path = Path("/")) -> int:
    """Bytes of the machine, or of the container if it is allowed less; 0 if unknown."""
    known = [limit for limit, _ in _containers(root)]
    if machine := _machine(root, "MemTotal"):
        known.append(machine)
    elif root == Path("/"):
        with contextlib.suppress(ValueError, OSError):
            known.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(known, default=0)


def memory_left(root: Path = Path("/")) -> int | None:
    """Bytes that can still be had, page cache included; None where the system does not say."""
    known = [max(limit - used, 0) for limit, used in _containers(root)]
    if (machine := _machine(root, "MemAvailable")) is not None:
        known.append(machine)
    return min(known, default=None)


def _machine(root: Path, name: str) -> int | None:
    """A line of Linux' /proc/meminfo, in bytes."""
    line = re.search(rf"^{name}:\s+(\d+) kB", _read(root / "proc/meminfo"), re.MULTILINE)
    return int(line[1]) * 1024 if line else None


def _containers(root: Path) -> Iterator[tuple[int, int]]:
    """The limit and the use, in bytes, of each control group around this process that has one.

    Version 2 has one tree; version 1 has one for memory. Cache that can be dropped is not use.
    """
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        version_2 = controllers == ""
        tree = root / "sys/fs/cgroup" / ("" if version_2 else "memory")
        group = tree / path.lstrip("/")
        # In a container the path may be the host's, and the limit lies at the tree's root.
        for folder in (group, *group.parents):
            limit = _read(folder / ("memory.max" if version_2 else "memory.limit_in_bytes"))
            used = _read(folder / ("memory.current" if version_2 else "memory.usage_in_bytes"))
            idle = re.search(
                r"^(?:total_)?inactive_file (\d+)", _read(folder / "memory.stat"), re.MULTILINE
            )
            if limit.strip().isdigit() and int(limit) < 2**60:
                yield int(limit), int(used or 0) - (int(idle[1]) if idle else 0)
            if folder == tree:
                break


def _gib(size: int) -> str:
    return f"{size / UNITS['g']:.1f} GiB"


def _read(page: Path) -> str:
    """A small text file, or nothing where it is not there or not ours to read."""
    try:
        return page.read_text("utf-8")
    except OSError:
        return ""
