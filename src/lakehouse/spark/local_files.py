"""Renaming files of this machine without a process for each.

Spark and Delta write a file beside its place and rename it. By default both ask Hadoop's
`FileContext` for that, which looks for symbolic links by calling `readlink`: eight processes a
file, and 600 for a day's batches, as no native library of Hadoop is here. Its `FileSystem` renames
by itself. Both look first whether the place is taken, and neither is atomic in that on a folder of
this machine; the time between look and rename is shorter this way.
"""

from __future__ import annotations

RENAMED = {
    "spark.sql.streaming.checkpointFileManagerClass": "org.apache.spark.sql.execution.streaming."
    "FileSystemBasedCheckpointFileManager",
    "spark.delta.logStore.file.impl": "io.delta.storage.LocalLogStore",
}


def local_files(master: str, s3: bool) -> dict[str, str]:
    """Settings to start a Spark with whose tables are folders of this machine; else none."""
    return RENAMED if master.startswith("local") and not s3 else {}
