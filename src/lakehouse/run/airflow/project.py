"""Where a bundle and its project's Python are, seen from a file of Airflow's `dags` folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.files import NAMES

PYTHON = "LAKEHOUSE_PYTHON"
"""Names the project's Python, where it is not in the `.venv` beside the bundle or above it."""

_AIRFLOWS_OWN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


def bundle_folder(folder: Path | str, called_from: str | None) -> Path:
    """Return the folder of a bundle; a relative one is looked for around the file that names it.

    That is in the file's folder and those above it, then in the current folder. Raises
    LakehouseError with the places where there is none.
    """
    path = Path(folder)
    around: list[Path] = []
    if called_from and not path.is_absolute():
        around = list(Path(called_from).resolve().parents)
    for beside in (*around, Path.cwd()):
        if any((beside / path / name).is_file() for name in NAMES):
            return (beside / path).resolve()
    raise LakehouseError(
        "there is no bundle",
        str(path),
        f"looked around {around[0] if around else Path.cwd()}; name it by its whole path",
    )


def python_of(bundle: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Return the Python that runs a bundle's tasks.

    It is the one of LAKEHOUSE_PYTHON, else that of the nearest `.venv` above the bundle, else the
    running one: Airflow's own.
    """
    if python := environment.get(PYTHON):
        return python
    for above in (bundle, *bundle.parents):
        path = above / ".venv" / "bin" / "python"
        if path.exists():
            return str(path)
    return sys.executable


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what would lead another Python to Airflow's packages."""
    return {key: value for key, value in environment.items() if key not in _AIRFLOWS_OWN}
