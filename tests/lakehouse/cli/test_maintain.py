"""`lakehouse maintain`: a line for each table; where there is nothing to do, no Spark."""

from __future__ import annotations

import fcntl

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.lake.properties import retention


@pytest.fixture
def root(tmp_path):
    """A lake with a table of one file."""
    configuration = retention("silver.sold", 30)
    rows = pa.table({"id": pa.array([1], pa.int64())})
    write_deltalake(tmp_path / "silver" / "sold", rows, configuration=configuration)
    return tmp_path


def test_each_table_has_a_line(call, root):
    done = call("maintain", "--set", f"lake.root={root}")
    assert (done.exit_code, done.stdout) == (0, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("✓  silver.sold  ") and line.endswith(" s  (nothing to do)")


def test_a_second_one_is_refused_in_a_sentence(call, root):
    (root / "_locks").mkdir()
    with (root / "_locks" / "all tables").open("w") as held:
        held.write("4711 maintained")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        done = call("maintain", "--set", f"lake.root={root}")
    assert done.exit_code == 1
    assert "all tables: is being maintained by another run (process 4711)" in done.stderr
