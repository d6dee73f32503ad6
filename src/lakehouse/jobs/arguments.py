"""The command line of a job, and the settings, project and lake that it leads to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lakehouse.base import settings
from lakehouse.base.errors import LakehouseError, unknown
from lakehouse.base.pairs import pairs
from lakehouse.declare import project
from lakehouse.lake.opening import opened_when_needed

if TYPE_CHECKING:
    from lakehouse.declare.table import Table
    from lakehouse.lake import Lake


@dataclass
class Job:
    """A job's arguments and the settings they lead to. An empty argument counts as missing."""

    arguments: argparse.Namespace
    settings: settings.Settings

    @cached_property
    def project(self) -> project.Project:
        """The project that the settings name.

        Raises LakehouseError where these say of a source that it does not have by which way its
        records arrive, or of one that they arrive by two; or send the changes of a table that it
        does not refresh.
        """
        loaded = project.load(self.settings.project)
        sources = [source.name for source in loaded.sources()]
        refreshed = [table.name for table in loaded.tables if table.transform is not None]
        topics, tables = self.settings.kafka.topics, self.settings.database.tables
        for setting, kind, known, named in (
            ("kafka.topics", "source", sources, topics),
            ("database.tables", "source", sources, tables),
            ("kafka.publish", "refreshed table", refreshed, self.settings.kafka.publish),
        ):
            for name in named:
                if name not in known:
                    raise unknown(kind, name, known, setting)
        for name in topics.keys() & tables.keys():
            raise LakehouseError(
                "its records arrive by a topic and from a database",
                f"source {name!r}",
                "take it out of kafka.topics or of database.tables",
            )
        return loaded

    @cached_property
    def lake(self) -> Lake:
        """The lake, through the session of this process, which the first that needs it starts."""
        return opened_when_needed(self.settings)

    def tables(self) -> list[Table]:
        """The tables that `--tables=silver.a,silver.b` names. Raises LakehouseError for none, and
        for a name that no table has."""
        names = [name.strip() for name in self.need("tables").split(",") if name.strip()]
        return [self.project.table(name) for name in names]

    def need(self, name: str) -> str:
        """The value of an argument. Raises LakehouseError where it is missing."""
        value = getattr(self.arguments, name) or ""
        if not value:
            raise LakehouseError(f"--{name} is missing", "job", f"call it with --{name}=...")
        return str(value)

    def flag(self, name: str) -> bool:
        """Whether an argument is `true`; missing is `false`. Raises LakehouseError for all else."""
        value = (getattr(self.arguments, name) or "false").lower()
        if value not in ("true", "false"):
            raise LakehouseError(f"--{name} is {value!r}", "job", "write true or false")
        return bool(value == "true")

    def whole(self, name: str) -> int | None:
        """An argument as a whole number from 0; None where it is missing.

        Raises LakehouseError where it is anything else.
        """
        value = getattr(self.arguments, name) or ""
        if value and not value.isdecimal():
            raise LakehouseError(
                f"--{name} is {value!r}, wanted a whole number", "job", f"such as --{name}=3"
            )
        return int(value) if value else None


def parse(argv: Sequence[str] | None, *names: str) -> Job:
    """A job from `--name=value` arguments; `names` are those of this job alone.

    Databricks hands every job parameter to every task, so unknown arguments are ignored.
    `--set key=value` changes any setting. Raises LakehouseError for a setting that is wrong.
    """
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--target", default="local")
    parser.add_argument("--conf", default="")
    for name in {
        "catalog",
        "experiment",
        "landing",
        "project",
        "registered",
        "root",
        "trials",
        "until",
        *names,
    }:
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments, _ = parser.parse_known_args(sys.argv[1:] if argv is None else list(argv))
    overrides: dict[str, Any] = {
        key: value
        for key, value in {
            "project": arguments.project,
            "lake.catalog": arguments.catalog,
            "mlflow.experiment": arguments.experiment,
            "mlflow.registered": arguments.registered,
            "lake.root": arguments.root,
            "landing": arguments.landing,
            "replay.until": arguments.until,
            "train.trials": arguments.trials,
        }.items()
        if value
    }
    overrides |= pairs(arguments.set, "--set")
    return Job(
        arguments, settings.load(arguments.target or "local", overrides, arguments.conf or None)
    )
