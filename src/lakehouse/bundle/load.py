"""A bundle for one of its targets: read, merged, with every reference resolved."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.bundle.faults import BundleError, Fault, ordered
from lakehouse.bundle.files import Files, read_files, shown
from lakehouse.bundle.merge import join_named
from lakehouse.bundle.modes import with_presets
from lakehouse.bundle.nodes import Node, at, plain
from lakehouse.bundle.paths import with_paths
from lakehouse.bundle.references import resolve
from lakehouse.bundle.targets import User, choose_target, current_user, with_facts, with_target
from lakehouse.bundle.variables import Sources, override_file, variable_values, with_values

# `targets` stays as written: only the chosen one is laid over the bundle.
_ROOTS = ("bundle", "workspace", "variables", "artifacts", "resources", "permissions", "run_as",
          "sync", "presets", "scripts", "experimental", "python")  # fmt: skip
# References that could not be resolved in the first pass, and were reported there.
_FIRST_PASS = ("variables", "bundle", "workspace", "artifacts", "targets")


@dataclass(frozen=True)
class Bundle:
    """A bundle for one target.

    `files` holds the files as they are written, `config` the resolved configuration; both know
    the place of every value. `faults` are those of loading; `validate` looks for many more.
    """

    files: Files
    target: str
    config: Node
    user: User
    faults: tuple[Fault, ...] = field(default=())

    @property
    def root(self) -> Path:
        """Return the folder that holds `databricks.yml`."""
        return self.files.root

    @property
    def name(self) -> str:
        """Return the bundle's name."""
        node = at(self.config, ("bundle", "name"))
        return str(node.value) if node is not None else self.root.name

    @cached_property
    def data(self) -> dict[str, Any]:
        """Return the resolved configuration as ordinary dictionaries, lists and scalars."""
        data: dict[str, Any] = plain(self.config)
        return data

    @property
    def jobs(self) -> dict[str, Any]:
        """Return the resolved jobs by their keys."""
        jobs = (self.data.get("resources") or {}).get("jobs") or {}
        return jobs if isinstance(jobs, dict) else {}

    def job(self, name: str) -> dict[str, Any]:
        """Return one resolved job; raise LakehouseError with the nearest name if unknown."""
        if name in self.jobs:
            job: dict[str, Any] = self.jobs[name] or {}
            return job
        where = shown(self.root)
        raise LakehouseError(f"unknown job {name!r}", where, did_you_mean(name, self.jobs))


def load(
    folder: Path | str,
    target: str | None = None,
    variables: Mapping[str, str] | None = None,
    *,
    user: User | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Bundle:
    """Read the bundle in `folder` for one target; what is wrong with it is in its `faults`.

    Raises LakehouseError where there is no `databricks.yml`, it is no YAML, or it has no such
    target.
    """
    return of_target(read_files(Path(folder)), target, variables, user, environment)


def of_target(
    files: Files,
    target: str | None,
    variables: Mapping[str, str] | None,
    user: User | None,
    environment: Mapping[str, str],
) -> Bundle:
    """Return what `load` does, of files that are read already."""
    where = shown(files.paths[0])
    unreadable = [fault for fault in files.faults if fault.code == "yaml" and not files.tree.value]
    if unreadable:
        raise BundleError(where, unreadable)
    name = choose_target(files.tree, target, where)
    user = user or current_user(environment)
    in_file, file_faults = override_file(files.root, name)
    sources = Sources(variables or {}, environment, in_file)
    values, variable_faults = variable_values(files.tree, name, sources)
    tree = with_values(with_target(files.tree, name), values)
    tree = with_facts(tree, name, user, files.root)
    # Names of resources may refer to variables, and other values to those names.
    written = tree
    tree, first_faults = resolve(tree, _ROOTS, skipped=("resources",))
    tree = join_named(written, tree)
    tree, second_faults = resolve(with_presets(tree, user), _ROOTS, skipped=_FIRST_PASS)
    tree = with_paths(tree, files.root)
    faults = [*files.faults, *file_faults, *variable_faults, *first_faults, *second_faults]
    return Bundle(files, name, tree, user, ordered(faults))


def is_here(bundle: Bundle) -> bool:
    """Say whether a target is run on this machine: it has no mode and names no workspace."""
    keys = (("bundle", "mode"), ("workspace", "host"), ("workspace", "profile"))
    nodes = [at(bundle.config, key) for key in keys]
    return not any(node is not None and node.value for node in nodes)
