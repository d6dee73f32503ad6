"""This checkout, and Python as a person calls it in a project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECTS = sorted({page.parent.name for page in ROOT.glob("src/*/__init__.py")} - {"lakehouse"})
"""The packages beside the engine; there may be none."""


def environment(home: Path) -> dict[str, str]:
    """What makes Python use the packages of a project, the jars of this checkout, a small Spark."""
    return {
        "PYTHONPATH": str(home / "src"),
        "LAKEHOUSE_JARS": str(ROOT / ".jars"),
        "LAKEHOUSE_SPARK__HEAP": "2g",
        "LAKEHOUSE_SPARK__MASTER": "local[2]",
    }


def called(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Calls Python in a project, as a person would."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LAKEHOUSE_")}
    return subprocess.run(
        [sys.executable, *words],
        cwd=home,
        env={**kept, **environment(home), **more},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
