"""A lake on a file system that Python does not know: what Spark's own JVM reaches.

`viewfs` stands for object storage here: an address of its own for a folder of this machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as pq
import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession
from tests import tiny
from tests.tiny import land_lines, land_prices, sale

from lakehouse.base.errors import LakehouseError
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Account, Lake
from lakehouse.lake.files import Local, local_path, plain
from lakehouse.lake.hadoop import Hadoop
from lakehouse.lake.remote import Remote
from lakehouse.lake.storage import storage


@pytest.fixture
def mounted(spark: SparkSession, tmp_path: Path) -> str:
    """The address under which Hadoop knows the test's folder."""
    name = f"m{abs(hash(str(tmp_path)))}"
    conf = spark._jsc.hadoopConfiguration()  # type: ignore[attr-defined]
    conf.set(f"fs.viewfs.mounttable.{name}.link./there", tmp_path.as_uri())
    return f"viewfs://{name}/there"


def test_a_local_address_is_a_path_or_a_file_url() -> None:
    assert local_path("/a b/c") == Path("/a b/c")
    assert local_path("file:///a%20b/c") == Path("/a b/c")
    assert local_path("s3a://bucket/c") is None
    assert plain("file:/a%20b") == "/a b"
    assert plain("s3a://bucket/a%20b") == "s3a://bucket/a b"


def test_files_are_the_same_through_python_and_through_the_jvm(
    spark: SparkSession, tmp_path: Path, mounted: str
) -> None:
    for name in ("a.txt", "sub/b.txt", "_hidden.txt", ".part", "sub/_log/c.txt"):
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"grüße {name}")
    here, there = storage(spark, str(tmp_path)), storage(spark, mounted)
    assert isinstance(here, Local) and isinstance(there, Hadoop)
    for deep, names in ((False, ["a.txt"]), (True, ["a.txt", "b.txt"])):
        for each, root in ((here, str(tmp_path)), (there, mounted)):
            files = sorted(each.files(f"{root}/files", deep), key=lambda file: file.name)
            assert [file.name for file in files] == names
            assert each.read(files[0].path) == "grüße a.txt"
            assert files[0].size == each.size(files[0].path) == len("grüße a.txt".encode())
    for each, root in ((here, str(tmp_path)), (there, mounted)):
        assert each.size(f"{root}/nothing") is None
        assert list(each.files(f"{root}/nothing")) == []
        with pytest.raises(FileNotFoundError):
            each.open(f"{root}/nothing")


def test_a_folder_with_a_space_is_sent_and_fetched_through_the_jvm(
    spark: SparkSession, tmp_path: Path, mounted: str
) -> None:
    land_lines(tmp_path / "two days", "a b.jsonl", "a line")
    there = storage(spark, mounted)
    there.send(tmp_path / "two days" / "sales", f"{mounted}/sent")
    there.fetch(f"{mounted}/sent", tmp_path / "one folder")
    assert (tmp_path / "one folder" / "a b.jsonl").read_text() == "a line\n"


def test_files_that_only_spark_reaches_are_read_through_its_own_reader(
    spark: SparkSession, tmp_path: Path
) -> None:
    for name in ("a.txt", "sub/b.txt", "_hidden.txt"):
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"grüße {name}")
    there, root = Remote(spark), tmp_path.as_uri()
    for deep, names in ((False, ["a.txt"]), (True, ["a.txt", "b.txt"])):
        files = sorted(there.files(f"{root}/files", deep), key=lambda file: file.name)
        assert [file.name for file in files] == names
        assert there.read(files[0].path) == "grüße a.txt"
        assert files[0].size == there.size(files[0].path) == len("grüße a.txt".encode())
    assert there.size(f"{root}/nothing") is None
    assert list(there.files(f"{root}/nothing")) == []
    with pytest.raises(FileNotFoundError):
        there.open(f"{root}/nothing")
    with pytest.raises(LakehouseError, match="Spark runs elsewhere"):
        there.fetch(f"{root}/files", tmp_path / "copy")


def test_a_footer_is_read_through_the_jvm(
    spark: SparkSession, tmp_path: Path, mounted: str
) -> None:
    land_prices(tmp_path, "a.parquet", item=["tea"] * 1000, week=list(range(1000)))
    with storage(spark, mounted).open(f"{mounted}/prices/a.parquet") as file:
        assert pq.read_metadata(file).num_rows == 1000
        file.seek(-4, 2)
        assert file.read() == b"PAR1"


def test_a_lake_elsewhere_is_the_one_made_here(
    lake: Lake, landing: Path, mounted: str, tmp_path: Path
) -> None:
    settings = lake.settings.model_copy(
        update={
            "landing": f"{mounted}/{landing.name}",
            "lake": lake.settings.lake.model_copy(update={"root": f"{mounted}/lake-there"}),
        }
    )
    there = Lake(lake.spark, settings)
    land_lines(landing, "a.jsonl", sale(1), sale(2, amount="0"))
    land_prices(landing, "a.parquet", item=["tea"], week=[1], price=[1.0])
    land_prices(landing, "odd.parquet", item=["milk"], week=["2"], price=[2.0])
    (landing / "prices" / "torn.parquet").write_bytes(b"PAR1 and no more")
    accounts = refresh(lake, tiny.TABLES)
    assert refresh(there, tiny.TABLES) == accounts
    rules = {"a landed file can be read": 1}
    assert accounts["bronze.prices"] == [Account(3, 2, quarantined=1, rules=rules)]
    for name in ("silver.sales", "silver.prices", "gold.sales"):
        assert_df_equality(lake.read(name), there.read(name), ignore_row_order=True)
    torn = there.read("ops.quarantine").where("table = 'bronze.prices'").collect()
    assert [unquote(json.loads(row["row"])["path"]) for row in torn] == [
        f"{mounted}/{landing.name}/prices/torn.parquet"
    ]
    assert (tmp_path / "lake-there" / "gold" / "sales" / "_delta_log").is_dir()
