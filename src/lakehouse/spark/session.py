"""The one place that makes a Spark session: embedded, on a cluster, or on Databricks."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import SparkSettings
from lakehouse.spark import class_data
from lakehouse.spark.connect import connected, make_active
from lakehouse.spark.engine import is_databricks
from lakehouse.spark.failed_start import why_not
from lakehouse.spark.jars import COORDINATES, DELTA, NOT_FOR_S3, S3, jar_paths, jars_folder
from lakehouse.spark.java import Java, find_java
from lakehouse.spark.local_files import local_files
from lakehouse.spark.logs import hush, log_file, set_level
from lakehouse.spark.memory import check_heap
from lakehouse.spark.s3 import check_answers, s3_conf, s3_jars

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

JAVA_OPTIONS = "spark.driver.extraJavaOptions"
EXTENSION = "io.delta.sql.DeltaSparkSessionExtension"
CATALOG = "org.apache.spark.sql.delta.catalog.DeltaCatalog"
CODE_CACHE = "256m"
"""The light compiler has 48 MB for its code; once Spark has filled them a fifth of the time goes
into making room."""

LISTING = "spark.sql.sources.parallelPartitionDiscovery.parallelism"
LISTERS = 32
"""By how many tasks a folder is listed. Spark's own choice is 10,000, and Delta's VACUUM begins as
many: minutes for a table of ten files."""

CACHED_TOGETHER = "spark.sql.inMemoryColumnarStorage.batchSize"
A_THOUSAND = "1000"
"""By how many rows a cache is filled. Spark's own choice is ten times as many: of rows of a
kilobyte these are 10 MB, held twice while they are packed, for each task at work. Where a batch
fills the memory that caches may have, Java then ends for want of the rest."""

COLLECTOR = "-XX:+UseParallelGC"
"""Java's own choice works beside the program, which has two cores or few more. It is little: a
day's run took about a twentieth less with this one, a whole year's the same."""

LATER = (
    "-XX:Tier4InvocationThreshold=250000 -XX:Tier4MinInvocationThreshold=30000 "
    "-XX:Tier4CompileThreshold=750000 -XX:Tier4BackEdgeThreshold=2000000"
)
"""Java's second compiler begins after fifty times as many calls and loops as by its own choice: it
took a third of all work of a day's run, for code that this run hardly used again. What goes over
millions of rows is compiled by it all the same."""


def make_session(
    settings: SparkSettings | None = None,
    *,
    app: str = "lakehouse",
    warehouse: str | Path = "",
    log: str | Path = "",
    verbose: bool = False,
    ui: bool = False,
    quick: bool = False,
    s3: bool = False,
) -> SparkSession:
    """The session to work with; in UTC, and with Delta.

    On Databricks, under `spark-submit` or where a session is active already, that is the one
    which is there: master, memory and jars are then not ours to choose, and only settings that
    can still change are set. Else Spark is started in this process, with the local jars if set-up
    was run, and without a look at the network.

    `warehouse` is the folder of tables without a path, `log` the file that Spark's own messages
    go to (with `verbose`: the terminal), `ui` opens Spark's page on the first free port from 4040.
    `quick` compiles lightly: less work for a look or a small test, slower over much data. `s3`:
    files there are read or written, with the jars that `make s3` fetched.
    Raises LakehouseError where there is no Java, no room for the heap, Delta is missing, or the S3
    that the environment names does not answer.
    """
    settings = settings or SparkSettings()
    if (there := _session_there(settings)) is not None:
        make_active(there)
        for key, value in _runtime_conf(settings, _master_of(there)).items():
            _set_if_allowed(there, key, value)
        return there
    if not verbose:
        hush()
    if os.environ.get("PYSPARK_GATEWAY_PORT"):
        return _submitted(app, settings, verbose, s3)
    java = find_java()
    check_heap(settings.heap)
    conf = {
        **_sql_conf(),
        **_start_conf(settings, app, warehouse, ui, s3),
        **local_files(settings.master, s3),
        **(s3_conf() if s3 else {}),
        **_runtime_conf(settings, settings.master),
        **settings.conf,
        JAVA_OPTIONS: _java_options(settings, java, quick),
    }
    check_answers(conf)
    _prepare_environment(java, settings.master)
    return _started(conf, log, verbose)


def _session_there(settings: SparkSettings) -> SparkSession | None:
    """The session of this process, or of the service that the settings name; None if none is."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    if (active := SparkSession.getActiveSession()) is not None:
        return active
    if is_databricks() or SparkContext._active_spark_context is not None:
        # A thread of its own sees no active session, though this process has one.
        return SparkSession.builder.getOrCreate()
    if settings.master.startswith("sc://"):
        return connected(settings.master)
    return None


def _master_of(spark: SparkSession) -> str:
    """The master of a running session; empty where it does not say, as behind Spark Connect."""
    from pyspark.errors import PySparkException

    try:
        return spark.conf.get("spark.master") or ""
    except PySparkException:
        return ""


def _runtime_conf(settings: SparkSettings, master: str) -> dict[str, str]:
    """What may change in a running session, too.

    Few partitions suit one machine. A cluster chooses for itself, unless `conf` says how many.
    """
    conf = {"spark.sql.session.timeZone": "UTC"}
    if not is_databricks():
        conf["spark.sql.execution.arrow.pyspark.enabled"] = "true"
        conf[LISTING] = str(LISTERS)
        conf["spark.databricks.delta.vacuum.logging.enabled"] = "true"  # on S3 it would not be
    if master.startswith("local") and not is_databricks():
        conf["spark.sql.shuffle.partitions"] = str(settings.shuffle_partitions)
        conf[LISTING] = str(settings.shuffle_partitions)
        conf[CACHED_TOGETHER] = A_THOUSAND
        conf["spark.databricks.delta.snapshotPartitions"] = "2"
    runtime = {key: value for key, value in settings.conf.items() if key.startswith("spark.sql.")}
    return {**conf, **runtime}


def _sql_conf() -> dict[str, str]:
    """Delta, and what Spark does at length for little here.

    Compiled classes that are found again: Spark keeps 100 and names them by stage, which costs
    three months of the shop a seventh of their time. No note of the line in which each column was
    made: errors tell it below the sentence that is shown, and it asks Java ten times for each call
    of a function, a third of the time in which a long transform is built.
    """
    return {
        "spark.python.sql.dataFrameDebugging.enabled": "false",
        "spark.sql.extensions": EXTENSION,
        "spark.sql.catalog.spark_catalog": CATALOG,
        "spark.sql.codegen.cache.maxEntries": "1000",
        "spark.sql.codegen.useIdInClassName": "false",
    }


def _start_conf(
    settings: SparkSettings, app: str, warehouse: str | Path, ui: bool, s3: bool
) -> dict[str, str]:
    """What must be set before a Spark of our own starts."""
    conf = {
        "spark.app.name": app,
        "spark.master": settings.master,
        "spark.driver.memory": settings.heap,
        "spark.ui.enabled": str(ui).lower(),
        "spark.ui.showConsoleProgress": "false",
    }
    # In full: Spark writes its own default as a URL, and a space in that is a folder "%20".
    conf["spark.sql.warehouse.dir"] = str(Path(warehouse or "spark-warehouse").absolute())
    jars = jar_paths(folder) if (folder := jars_folder()) else []
    local = settings.master.startswith("local")
    if not jars:
        conf["spark.jars.packages"] = ",".join(COORDINATES + (S3 if s3 else ()))
        conf["spark.jars.excludes"] = ",".join(NOT_FOR_S3)
    elif local:
        # On the class path itself: nothing to copy, and the class-data archive can hold it.
        conf["spark.driver.extraClassPath"] = f"{folder}/*"
        jars = []
    jars += s3_jars() if s3 else []
    if jars:
        conf["spark.jars"] = ",".join(path.as_uri() for path in jars)
    if local:
        conf["spark.driver.host"] = conf["spark.driver.bindAddress"] = "127.0.0.1"
        if not ui:
            conf["spark.ui.port"] = "0"
    return conf


def _java_options(settings: SparkSettings, java: Java, quick: bool) -> str:
    own = settings.conf.get(JAVA_OPTIONS, "")
    options = ["-Duser.timezone=UTC"]
    if settings.master.startswith("local") and not re.search(r"-XX:\+Use\w+GC\b", own):
        options.append(COLLECTOR)
    if quick:
        options += ["-XX:TieredStopAtLevel=1", f"-XX:ReservedCodeCacheSize={CODE_CACHE}"]
    elif settings.master.startswith("local"):
        options.append(LATER)
    if (folder := jars_folder()) and settings.master.startswith("local"):
        options.append(class_data.use(folder, java))
    options.append(own)
    return " ".join(filter(None, options))


def _started(conf: dict[str, str], log: str | Path, verbose: bool) -> SparkSession:
    """Start a JVM of our own, and a session in it."""
    from py4j.protocol import Py4JError
    from pyspark import SparkConf, SparkContext
    from pyspark.errors import PySparkException
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    output = log_file(log)
    spark_conf = SparkConf(loadDefaults=False).setAll(list(conf.items()))
    try:
        # The JVM's own streams go to the log: it writes there what no logger's level reaches.
        streams = {} if verbose else {"stdout": output, "stderr": output}
        launch: Any = launch_gateway
        gateway = SparkContext._gateway or launch(spark_conf, streams)
        context = SparkContext(conf=spark_conf, gateway=gateway)
    except (Py4JError, PySparkException, OSError) as error:
        raise why_not(error, output, conf) from (error if verbose else None)
    set_level(context, verbose)
    return SparkSession(context)


def _submitted(app: str, settings: SparkSettings, verbose: bool, s3: bool) -> SparkSession:
    """The session of a `spark-submit`: its master and every setting given there stay."""
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    given = SparkConf()
    master = given.get("spark.master") or "local"
    ours = {"spark.app.name": app, **_sql_conf(), **local_files(master, s3)}
    ours |= s3_conf() if s3 else {}
    runtime = _runtime_conf(settings, master)
    for key, value in {**ours, **runtime}.items():
        given.setIfMissing(key, value)
    check_answers(dict(given.getAll()))
    context = SparkContext.getOrCreate(given)
    set_level(context, verbose)
    jvm: Any = context._jvm
    loader = jvm.org.apache.spark.util.Utils.getContextOrSparkClassLoader()
    if loader.getResource(f"{EXTENSION.replace('.', '/')}.class") is None:
        context.stop()
        raise LakehouseError(
            "Delta's jars are not there",
            "spark-submit",
            f"Call it with --packages {DELTA}, or with --jars and the files in .jars",
        )
    return SparkSession(context)


def _set_if_allowed(spark: SparkSession, key: str, value: str) -> None:
    """Set what the platform lets us set: serverless refuses most settings, and needs none."""
    from pyspark.errors import PySparkException

    try:
        spark.conf.set(key, value)
    except PySparkException:
        if key == "spark.sql.session.timeZone":
            raise


def _prepare_environment(java: Java, master: str) -> None:
    """What Spark and its Python workers read from the environment."""
    os.environ["JAVA_HOME"] = str(java.home)
    # Python reads and shows naive times in its own zone: a local day is a column, not an accident.
    os.environ["TZ"] = "UTC"
    time.tzset()
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        # A host name that does not resolve would else keep Spark from starting.
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
