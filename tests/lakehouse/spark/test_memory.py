"""Whether a heap fits the machine, or the container that is allowed less."""

from pathlib import Path

import pytest

from lakehouse.base.errors import LakehouseError
from lakehouse.spark import memory
from lakehouse.spark.memory import check_heap, memory_left, memory_there, size_in_bytes

GIB = 2**30


def machine(root: Path, total: int, free: int, **pages: str) -> Path:
    """A file tree as Linux shows it, with sizes in GiB; `pages` are further files."""
    lines = f"MemTotal: {total * 2**20} kB\nMemFree: 1 kB\nMemAvailable: {free * 2**20} kB\n"
    for path, text in {"proc/meminfo": lines, **pages}.items():
        page = root / path
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text)
    return root


@pytest.mark.parametrize(
    ("text", "size"), [("6g", 6 * GIB), ("512m", 512 * 2**20), ("2GB", 2 * GIB), ("7", 7)]
)
def test_a_size_is_read_as_java_reads_it(text, size):
    assert size_in_bytes(text) == size


@pytest.mark.parametrize("text", ["", "six", "6 gigs", "-1g", "0g", "1.5g"])
def test_what_is_no_size_is_said_so(text):
    with pytest.raises(LakehouseError, match="no size of memory"):
        size_in_bytes(text)


def test_the_machine_says_what_it_has(tmp_path):
    root = machine(tmp_path, total=24, free=20)

    assert (memory_there(root), memory_left(root)) == (24 * GIB, 20 * GIB)


def test_a_container_may_have_less_than_the_machine(tmp_path):
    group = "sys/fs/cgroup/work"
    pages = {
        "proc/self/cgroup": "0::/work/inner\n",
        f"{group}/memory.max": str(4 * GIB),
        f"{group}/memory.current": str(3 * GIB),
        f"{group}/memory.stat": f"anon 5\ninactive_file {GIB}\n",
        f"{group}/inner/memory.max": "max\n",
    }
    root = machine(tmp_path, total=24, free=20, **pages)

    assert (memory_there(root), memory_left(root)) == (4 * GIB, 2 * GIB)


def test_the_older_control_groups_are_read_too(tmp_path):
    pages = {
        "proc/self/cgroup": "5:cpu:/x\n4:memory:/docker/abc\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": str(2 * GIB),
        "sys/fs/cgroup/memory/memory.usage_in_bytes": str(GIB),
        "sys/fs/cgroup/memory/memory.stat": "total_inactive_file 0\n",
    }
    root = machine(tmp_path, total=24, free=20, **pages)

    assert (memory_there(root), memory_left(root)) == (2 * GIB, GIB)


def test_a_heap_that_fits_is_no_error(monkeypatch):
    monkeypatch.setattr(memory, "memory_there", lambda: 8 * GIB)
    monkeypatch.setattr(memory, "memory_left", lambda: 2 * GIB)

    check_heap("6g")


def test_a_heap_larger_than_the_memory_is_refused_with_one_that_fits(monkeypatch):
    monkeypatch.setattr(memory, "memory_there", lambda: 4 * GIB)
    monkeypatch.setattr(memory, "memory_left", lambda: 4 * GIB)

    with pytest.raises(LakehouseError, match=r"heap of 6g does not fit into 4.0 GiB") as caught:
        check_heap("6g")
    assert "3072m" in caught.value.todo
    check_heap("3072m")


def test_a_machine_that_is_full_is_said_to_be(monkeypatch):
    monkeypatch.setattr(memory, "memory_there", lambda: 8 * GIB)
    monkeypatch.setattr(memory, "memory_left", lambda: GIB // 2)

    with pytest.raises(LakehouseError, match=r"no memory is left .* 0.5 GiB of 8.0 GiB"):
        check_heap("6g")


def test_an_unknown_system_is_believed(monkeypatch):
    monkeypatch.setattr(memory, "memory_there", lambda: 0)
    monkeypatch.setattr(memory, "memory_left", lambda: None)

    check_heap("6g")
