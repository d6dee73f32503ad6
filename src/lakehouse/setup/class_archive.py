"""A class-data archive in the folder of the jars, for quicker starts.

Where it fails nothing is lost but the seconds that it would have saved.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lakehouse.spark.class_data import archive_path, can_hold
from lakehouse.spark.java import Java

LOG = "classes.log"
TRIED = "classes-tried"
"""The file that names the last archive that was tried: one that fails is not tried each time."""


def is_due(folder: Path, java: Java) -> bool:
    """Whether an archive for this Java and these jars is to be made: none is there, the folder can
    hold one, and it was not tried before."""
    target, tried = archive_path(folder, java), folder / TRIED
    if target.is_file() or not can_hold(folder):
        return False
    return not tried.is_file() or tried.read_text("utf-8") != target.name


def make(folder: Path, java: Java) -> bool:
    """Record an archive in the place of others; returns whether one was made. LOG says why not."""
    target = archive_path(folder, java)
    (folder / TRIED).write_text(target.name, "utf-8")
    for other in folder.glob("classes-*.jsa"):
        other.unlink()
    command = [sys.executable, "-m", "lakehouse.setup.class_recorder", str(folder), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (folder / LOG).write_text(done.stdout + done.stderr, "utf-8")
    return target.is_file()
