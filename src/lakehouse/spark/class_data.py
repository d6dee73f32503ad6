"""The class-data archive: Spark's classes as the JVM parsed them once, for quicker starts.

It saves about half of a session's start. It is a convenience only: the JVM checks the archive
against its own build and class path, and passes it over where either differs. Java 17 leaves
classes out whose jar's path a URL would write otherwise, such as one with a space: no archive then.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from lakehouse.spark.jars import jar_paths
from lakehouse.spark.java import Java


def archive_path(folder: Path, java: Java) -> Path:
    """Where the archive for this Java and these jars lies, made or not."""
    spark = find_spec("pyspark")  # importing it would take longer than all of this
    release = java.home / "release"
    parts = [str(java.home), str(folder.resolve()), str(spark and spark.origin), version("pyspark")]
    parts += [path.name for path in jar_paths(folder)]
    parts += [release.read_text("utf-8", errors="replace")] if release.is_file() else []
    return folder / f"classes-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}.jsa"


def can_hold(folder: Path) -> bool:
    """Whether an archive would hold the classes of jars in this folder."""
    return quote(str(folder.resolve())) == str(folder.resolve())


def use(folder: Path, java: Java) -> str:
    """The Java options that start from the archive; empty while there is none."""
    path = archive_path(folder, java)
    if not path.is_file():
        return ""
    return f'-XX:SharedArchiveFile="{path}" -Xlog:cds=off -Xlog:cds+dynamic=off'


def record(path: Path) -> str:
    """The Java option that writes an archive of what was loaded, as the JVM ends."""
    return f'-XX:ArchiveClassesAtExit="{path}"'
