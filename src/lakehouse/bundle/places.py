"""Where a bundle keeps what it makes on this machine: runs, deployments, locks."""

from __future__ import annotations

from pathlib import Path

from lakehouse.base.errors import LakehouseError

OWN = ".lakehouse"


def data_folder(root: Path, target: str, given: Path | None = None) -> Path:
    """Return the folder for runs and deployments of a bundle.

    It is the one that is `given`, else the `data` of the settings that belong to the bundle's
    project, else `.lakehouse` beside `databricks.yml`.
    """
    if given is not None:
        return given.absolute()
    from lakehouse.base import settings

    try:
        conf = settings.find_conf(root)
    except LakehouseError:
        return root / OWN
    try:
        return settings.load(target, conf=conf).data_folder.absolute()
    except LakehouseError:  # a target without settings of its own
        return settings.load("local", conf=conf).data_folder.absolute()
