"""A machine made ready for Spark, step by step; what is good already is left alone."""

from __future__ import annotations

from collections.abc import Callable

from lakehouse.setup import class_archive, jars, java
from lakehouse.spark.jars import own_folder


def set_up(tell: Callable[[str], None], s3: bool = False) -> None:
    """Java, the jars of the lock, a class-data archive. `tell` is given a sentence for each step
    that is done now, none for what is good already.

    Raises LakehouseError where there is no Java, or a jar could not be had.
    """
    found = java.ensure()
    folder = own_folder()
    if not jars.are_there(folder):
        tell("fetching jars (19 MB, once)")
        jars.fetch(folder)
    if s3 and not jars.are_there(folder / "s3", jars.S3_LOCK):
        tell("fetching the jars for S3 (9 MB, once)")
        jars.fetch(folder / "s3", jars.S3_LOCK)
    if class_archive.is_due(folder, found):
        tell("recording a class-data archive, for quicker starts (half a minute, once)")
        if not class_archive.make(folder, found):
            tell(f"none was made, and all works without: see {folder / class_archive.LOG}")
