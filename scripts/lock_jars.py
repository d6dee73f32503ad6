"""Write the locks of `lakehouse.setup`: jars.lock and s3.lock are what Spark needs beside its own
jars, broker.lock is a broker of Kafka.

For whoever changes a version in `lakehouse.spark.jars`; set-up itself only reads the list.
Spark's own Ivy resolves; what Spark already has (whatever the version) is left out, for two
versions of one library on a class path break in ways that no one expects.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyspark

from lakehouse.setup.jars import BROKER_LOCK, LOCK, S3_LOCK
from lakehouse.spark.jars import BROKER, COORDINATES, NOT_FOR_S3, S3
from lakehouse.spark.java import find_java

SPARK = Path(pyspark.__file__).parent


def main() -> None:
    own = frozenset(artifact(path.name) for path in (SPARK / "jars").glob("*.jar"))
    write(LOCK, COORDINATES, there=own)
    write(S3_LOCK, S3, NOT_FOR_S3, own)
    write(BROKER_LOCK, BROKER)


def write(
    lock: Path,
    coordinates: Sequence[str],
    excluded: Sequence[str] = (),
    there: frozenset[str] = frozenset(),
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        nothing = Path(folder) / "nothing.py"
        nothing.touch()
        words = [
            "--master=local[1]",
            f"--conf=spark.jars.ivy={folder}",
            f"--packages={','.join(coordinates)}",
            *([f"--exclude-packages={','.join(excluded)}"] if excluded else []),
            str(nothing),
        ]
        subprocess.run(
            [SPARK / "bin" / "spark-submit", *words],
            check=True,
            env={"JAVA_HOME": str(find_java().home), "PATH": "/usr/bin:/bin"},
        )
        lines = [
            f"{name_of(path, Path(folder))} {hashlib.sha256(path.read_bytes()).hexdigest()}\n"
            for path in sorted((Path(folder) / "cache").glob("*/*/*s/*.jar"))
            if artifact(path.name) not in there
        ]
    lock.write_text("".join(lines), "utf-8")


def artifact(file: str) -> str:
    """`kafka-clients` for `kafka-clients-3.9.0.jar`."""
    return re.sub(r"-\d[^-]*(-[A-Za-z0-9]+)?\.jar$", "", file)


def name_of(path: Path, folder: Path) -> str:
    """`group:artifact:version` of a jar in Ivy's cache: `cache/<group>/<artifact>/jars/<file>`; the
    jar of an OSGi module is in `bundles`."""
    group, name, _, file = path.relative_to(folder / "cache").parts
    return f"{group}:{name}:{file.removeprefix(f'{name}-').removesuffix('.jar')}"


if __name__ == "__main__":
    main()
