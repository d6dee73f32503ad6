"""The one session: what it is set to, where it comes from, and what is said when it cannot be."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import SparkSettings
from lakehouse.spark import session
from lakehouse.spark.failed_start import why_not
from lakehouse.spark.jars import jars_folder
from lakehouse.spark.session import LISTING, make_session


@pytest.fixture
def nothing_there(monkeypatch):
    """As in a process that has no session yet; what starts one is kept from doing so."""
    monkeypatch.setattr(session, "_session_there", lambda settings: None)
    monkeypatch.delenv("PYSPARK_GATEWAY_PORT", raising=False)


@pytest.fixture
def started_with(nothing_there, monkeypatch) -> dict[str, str]:
    """The settings that a session would have been started with."""
    seen: dict[str, str] = {}
    monkeypatch.setattr(session, "_prepare_environment", lambda java, master: None)
    monkeypatch.setattr(session, "_started", lambda conf, log, verbose: seen.update(conf))
    monkeypatch.setattr(session, "check_heap", lambda heap: None)
    return seen


def call(code: str, **environment: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    surrounds = {**os.environ, **{name: str(value) for name, value in environment.items()}}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=surrounds, timeout=300
    )


def test_times_are_utc_in_the_session_in_java_and_in_python(spark):
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
    assert spark._jvm.java.util.TimeZone.getDefault().getID() == "UTC"
    noon = spark.sql("SELECT TIMESTAMP '2017-01-01 12:00:00' AS at").first().at
    assert noon.hour == 12


def test_delta_tables_are_written_and_read(spark, tmp_path):
    folder = str(tmp_path / "a table")
    spark.range(3).write.format("delta").save(folder)

    assert spark.read.format("delta").load(folder).count() == 3


def test_it_listens_on_loopback_only_and_shows_no_page(spark):
    assert spark.sparkContext.getConf().get("spark.driver.host") == "127.0.0.1"
    assert spark.sparkContext.uiWebUrl is None


def test_it_starts_from_local_jars_without_resolving_any(spark):
    conf = spark.sparkContext.getConf()

    assert jars_folder() is not None
    assert conf.get("spark.driver.extraClassPath") == f"{jars_folder()}/*"
    assert not conf.contains("spark.jars.packages")


def test_a_second_call_gives_the_same_session_with_the_new_settings(spark):
    active = SparkSession.getActiveSession() or spark
    before = active.conf.get("spark.sql.shuffle.partitions")

    again = make_session(SparkSettings(shuffle_partitions=3))
    try:
        assert again.sparkContext is spark.sparkContext
        assert again.conf.get("spark.sql.shuffle.partitions") == "3"
    finally:
        active.conf.set("spark.sql.shuffle.partitions", before)


def test_settings_reach_spark_before_it_starts(started_with):
    conf = {"spark.sql.ansi.enabled": "false", "spark.driver.extraJavaOptions": "-Dx=1"}
    make_session(SparkSettings(heap="3g", shuffle_partitions=7, conf=conf), app="shop")

    assert started_with["spark.app.name"] == "shop"
    assert started_with["spark.driver.memory"] == "3g"
    assert started_with["spark.sql.shuffle.partitions"] == "7"
    assert started_with["spark.sql.ansi.enabled"] == "false"
    assert started_with["spark.databricks.delta.snapshotPartitions"] == "2"
    assert started_with["spark.python.sql.dataFrameDebugging.enabled"] == "false"
    assert started_with[LISTING] == "7"
    assert started_with["spark.driver.extraJavaOptions"].startswith("-Duser.timezone=UTC ")
    assert started_with["spark.driver.extraJavaOptions"].endswith(" -Dx=1")


def test_a_cluster_gets_the_jars_sent_and_may_reach_the_driver(started_with, tmp_path, monkeypatch):
    folder = tmp_path / "a b"
    folder.mkdir()
    (folder / "delta-spark_2.13-4.0.1.jar").touch()
    monkeypatch.setenv("LAKEHOUSE_JARS", str(folder))

    make_session(SparkSettings(master="spark://127.0.0.1:7077", shuffle_partitions=4))

    assert "spark.sql.shuffle.partitions" not in started_with, "a cluster chooses for itself"
    assert started_with[LISTING] == "32", "VACUUM begins as many tasks"
    assert started_with["spark.jars"] == f"{tmp_path.as_uri()}/a%20b/delta-spark_2.13-4.0.1.jar"
    assert "spark.driver.host" not in started_with


def test_files_of_this_machine_are_renamed_without_processes(started_with):
    manager, store = "spark.sql.streaming.checkpointFileManagerClass", "spark.delta.logStore"
    make_session(SparkSettings(master="local[2]"))
    assert started_with[manager].endswith(".FileSystemBasedCheckpointFileManager")
    assert started_with[f"{store}.file.impl"] == "io.delta.storage.LocalLogStore"


@pytest.mark.parametrize(("master", "s3"), [("local[2]", True), ("spark://127.0.0.1:7077", False)])
def test_files_elsewhere_are_renamed_as_they_offer_it(started_with, master, s3):
    make_session(SparkSettings(master=master), s3=s3)
    assert not {name for name in started_with if "checkpointFileManager" in name}


def test_tables_without_a_path_stay_in_the_folder_spark_is_started_in(
    started_with, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)

    make_session(warehouse="the lake/warehouse")
    assert started_with["spark.sql.warehouse.dir"] == f"{tmp_path}/the lake/warehouse"

    make_session()
    assert started_with["spark.sql.warehouse.dir"] == f"{tmp_path}/spark-warehouse"


def test_without_local_jars_they_are_resolved_by_name(started_with, tmp_path, monkeypatch):
    monkeypatch.setenv("LAKEHOUSE_JARS", str(tmp_path))

    make_session()

    assert "io.delta:delta-spark_2.13:" in started_with["spark.jars.packages"]


def test_a_heap_that_does_not_fit_is_refused_before_java_starts(nothing_there):
    with pytest.raises(LakehouseError, match="heap of 4000g does not fit") as caught:
        make_session(SparkSettings(heap="4000g"))
    assert caught.value.where == "spark.heap"


def test_no_java_is_one_clear_error(nothing_there, monkeypatch):
    monkeypatch.setattr("lakehouse.spark.java.USUAL_PLACES", ())
    monkeypatch.setattr("lakehouse.spark.session.find_java", lambda: session_java({"PATH": ""}))

    with pytest.raises(LakehouseError, match="no Java 17 to 22 found"):
        make_session()


def session_java(environment: dict[str, str]):
    from lakehouse.spark.java import find_java

    return find_java(environment)


def test_a_java_that_dies_is_explained_in_one_sentence(tmp_path):
    command = tmp_path / "bin" / "java"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\necho 'Could not reserve enough space for object heap'; exit 1\n")
    command.chmod(0o755)
    (tmp_path / "release").write_text('JAVA_VERSION="17.0.1"\n')
    code = """
from lakehouse.base.errors import LakehouseError
from lakehouse.spark.session import make_session
from lakehouse.base.settings import SparkSettings
try:
    make_session(SparkSettings(heap="1g"))
except LakehouseError as error:
    print(error)
"""
    done = call(code, JAVA_HOME=tmp_path)

    assert done.stdout.startswith("spark.heap: Java cannot have a heap of 1g. Ask for less")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("given", "collectors"),
    [("", ["-XX:+UseParallelGC"]), ("-Xss4m -XX:+UseZGC", ["-XX:+UseZGC"])],
)
def test_java_is_told_one_collector_and_the_one_asked_for_wins(started_with, given, collectors):
    make_session(SparkSettings(conf={session.JAVA_OPTIONS: given} if given else {}))

    options = started_with[session.JAVA_OPTIONS].split()
    assert [each for each in options if each.endswith("GC")] == collectors


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("java.net.BindException: Cannot assign requested address", "no free port"),
        ("[unresolved dependency: io.delta#delta]", "jars could not be had"),
        ("x\njava.lang.IllegalStateException: boo\n\tat a.b.C", "IllegalStateException: boo"),
    ],
)
def test_why_spark_did_not_start_is_read_from_what_it_said(said, sentence):
    error = why_not(ValueError(), io.BytesIO(said.encode()), {"spark.driver.memory": "1g"})

    assert sentence in str(error)
    assert "\tat " not in str(error)


def test_it_works_in_a_folder_with_a_space_and_says_nothing(tmp_path):
    """In a process of its own, with the heap asked for and a Python worker."""
    folder = tmp_path / "a b"
    folder.symlink_to(jars_folder(), target_is_directory=True)
    code = """
import sys
from pyspark.sql import functions as F
from lakehouse.spark.session import make_session
from lakehouse.base.settings import SparkSettings
spark = make_session(SparkSettings(master="local[1]", heap="700m"), quick=True)
twice = F.udf(lambda x: 2 * x, "bigint")
spark.range(2).select(twice("id").alias("twice")).write.format("delta").save(sys.argv[1])
try:
    spark.sql("SELECT CAST('x' AS INT)").collect()
except Exception:
    pass
table = spark.read.format("delta").load(sys.argv[1])
rows = sorted(row.twice for row in table.collect())
told = spark._jvm.java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments()
print(rows, *(each for each in told if each.startswith("-Xmx")))
"""
    code = code.replace("sys.argv[1]", repr(str(folder.parent / "c d" / "table")))
    done = call(code, LAKEHOUSE_JARS=folder)

    assert (done.stdout, done.stderr) == ("[0, 2] -Xmx700m\n", "")


def test_on_databricks_the_platforms_own_session_is_used(spark, monkeypatch):
    """Only what may change in a running session is set; the rest is the platform's."""
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "17.3")
    active = SparkSession.getActiveSession() or spark
    before = active.conf.get("spark.sql.shuffle.partitions")

    there = make_session(SparkSettings(master="ignored", heap="4000g", shuffle_partitions=99))

    assert there.sparkContext is spark.sparkContext
    assert there.conf.get("spark.sql.shuffle.partitions") == before
