"""The folders of a bundle on this machine: its home, and where it keeps runs and deployments."""

from __future__ import annotations

from pathlib import Path

from lakehouse.base.errors import LakehouseError

DEFAULT_NAME = ".lakehouse"


def home_of(root: Path) -> Path:
    """Return the folder that holds `conf`, which relative folders are in; else the bundle's own."""
    from lakehouse.base import settings

    try:
        return settings.find_conf(root).resolve().parent
    except LakehouseError:
        return root


def data_folder(root: Path, target: str, folder: Path | None = None) -> Path:
    """Return the folder for runs and deployments of a bundle.

    It is `folder` if there is one, else the `data` of the project's settings, else `.lakehouse`
    beside `databricks.yml`.
    """
    if folder is not None:
        return folder.absolute()
    from lakehouse.base import settings

    try:
        conf = settings.find_conf(root)
    except LakehouseError:
        return root / DEFAULT_NAME
    try:
        return settings.load(target, conf=conf).data_folder.absolute()
    except LakehouseError:  # a target without settings of its own
        return settings.load("local", conf=conf).data_folder.absolute()
