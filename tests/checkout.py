"""A checkout in a folder of its own: the engine, settings and tests' fixtures, without the shop."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECTS = sorted({page.parent.name for page in ROOT.glob("src/*/__init__.py")} - {"lakehouse"})
"""The packages beside the engine; there may be none."""
NEEDED = ("setup.py", "pyproject.toml", "README.md", "conf", "src/lakehouse", "tests/conftest.py")

# Compiled lightly: less work where there are few rows.
QUICK = "spark: {conf: {spark.driver.extraJavaOptions: -XX:TieredStopAtLevel=1}}\n"


def checkout(folder: Path) -> Path:
    """Copies into `folder` what of this checkout a new project stands beside."""
    for name in NEEDED:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, place)
    (folder / "conf" / "local.yml").write_text(QUICK)
    (folder / "bundles").mkdir()
    (folder / "tests" / "__init__.py").touch()
    return folder


def environment(home: Path) -> dict[str, str]:
    """What makes Python use the packages of a checkout, the jars of this one, and a small Spark."""
    return {
        "PYTHONPATH": str(home / "src"),
        "LAKEHOUSE_JARS": str(ROOT / ".jars"),
        "LAKEHOUSE_SPARK__HEAP": "2g",
        "LAKEHOUSE_SPARK__MASTER": "local[2]",
    }


def called(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Calls Python in a checkout, as a person would."""
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
