"""One call of a command: its common options, and the settings, bundle and lake they lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import Settings, find_conf, load
from lakehouse.cli.project_index import ProjectIndex, project_index

if TYPE_CHECKING:
    from lakehouse.lake import Lake
    from lakehouse.lake.glance import Glance

JOB = "nightly"
"""The job of a bundle that a call means when it names none."""


@dataclass(frozen=True)
class Invocation:
    """The common options of one call; `overrides` are settings, by their dotted names."""

    target: str = "local"
    conf: Path | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    verbose: bool = False

    @cached_property
    def settings(self) -> Settings:
        """The settings of the target, with those that the command line overrides."""
        return load(self.target, dict(self.overrides), self.conf)

    @cached_property
    def index(self) -> ProjectIndex:
        """The tables and models of the project, by name."""
        return project_index(self.settings)

    @cached_property
    def bundle(self) -> Path:
        """The folder of the project's bundle. Raises LakehouseError where there is none."""
        home = (self.conf or find_conf()).resolve().parent
        folder = home / "bundles" / self.settings.project
        if not (folder / "databricks.yml").is_file():
            raise LakehouseError("there is no bundle", str(folder), "name its folder with --bundle")
        return folder

    @cached_property
    def lake(self) -> Lake:
        """The lake, through a Spark session that is started now."""
        from lakehouse.cli.spinner import spinner
        from lakehouse.lake.opening import opened

        with spinner("starting Spark"):
            log = f"spark-{self.settings.project}"
            return opened(self.settings, log=log, verbose=self.verbose, quick=True)

    @cached_property
    def glance(self) -> Glance:
        """The quickest way to look at the lake: its logs, where it lies in local folders."""
        from lakehouse.lake.glance import glance

        return glance(self.settings, lambda: self.lake)

    def job_arguments(self, **arguments: str | None) -> list[str]:
        """The command line for the `main` of a job."""
        values = {"target": self.target, "conf": str(self.conf) if self.conf else None, **arguments}
        options = [f"--{name}={value}" for name, value in values.items() if value]
        return options + [f"--set={key}={value}" for key, value in self.overrides.items()]
