"""The folder in which a bundle keeps its runs, deployments and locks on this machine."""

from __future__ import annotations

from pathlib import Path

from lakehouse.base.errors import LakehouseError

DEFAULT_NAME = ".lakehouse"


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
