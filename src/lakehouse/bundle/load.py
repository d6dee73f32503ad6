"""A bundle as one of its targets sees it: read, merged, with every reference filled in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.bundle.faults import BundleError, Fault, errors, ordered
from lakehouse.bundle.files import Files, read_files, root_file, shown
from lakehouse.bundle.modes import with_presets
from lakehouse.bundle.nodes import Node, at, plain
from lakehouse.bundle.paths import with_paths
from lakehouse.bundle.references import resolved
from lakehouse.bundle.targets import User, chosen_target, current_user, with_facts, with_target
from lakehouse.bundle.variables import assigned, with_values

# `targets` stays as written: only the chosen one is laid over the bundle.
_ROOTS = ("bundle", "workspace", "variables", "artifacts", "resources", "permissions", "run_as",
          "sync", "presets", "scripts", "experimental", "python")  # fmt: skip
# What is not resolved by the time resources are named was told already.
_TOLD = ("variables", "bundle", "workspace", "artifacts", "targets")


@dataclass(frozen=True)
class Bundle:
    """A bundle in one target.

    `files` holds what is written, `config` what it comes to; both know the place of every
    value. `faults` are those found on the way; the validator looks for many more.
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
        found = at(self.config, ("bundle", "name"))
        return str(found.value) if found is not None else self.root.name

    @cached_property
    def data(self) -> dict[str, Any]:
        """Return the resolved configuration as ordinary dictionaries, lists and scalars."""
        found: dict[str, Any] = plain(self.config)
        return found

    @property
    def jobs(self) -> dict[str, Any]:
        """Return the resolved jobs by their keys."""
        found = (self.data.get("resources") or {}).get("jobs") or {}
        return found if isinstance(found, dict) else {}

    def job(self, name: str) -> dict[str, Any]:
        """Return one resolved job; raise LakehouseError with the nearest name if unknown."""
        if name in self.jobs:
            found: dict[str, Any] = self.jobs[name] or {}
            return found
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

    Raises LakehouseError only where there is nothing to read: no `databricks.yml`, no such
    target.
    """
    files = read_files(Path(folder))
    faults = list(files.faults)
    where = shown(root_file(Path(folder)))
    broken = [each for each in faults if each.code == "yaml" and not files.tree.value]
    if broken:
        raise BundleError(where, broken)
    name = chosen_target(files.tree, target, where)
    someone = user or current_user(environment)
    values, wrong = assigned(files.tree, name, variables or {}, environment)
    faults += wrong
    tree = with_target(files.tree, name)
    tree = with_facts(with_values(tree, values), name, someone, files.root)
    tree, wrong = resolved(tree, _ROOTS, later=("resources",))
    faults += wrong
    tree, wrong = resolved(with_presets(tree, someone), _ROOTS, later=_TOLD)
    tree = with_paths(tree, files.root)
    return Bundle(files, name, tree, someone, ordered([*faults, *wrong]))


def load_valid(
    folder: Path | str,
    target: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> Bundle:
    """Read a bundle that must be without errors; raise BundleError with all of them if not."""
    bundle = load(folder, target, variables)
    if wrong := errors(bundle.faults):
        raise BundleError(shown(bundle.root), wrong)
    return bundle


def is_here(bundle: Bundle) -> bool:
    """Say whether a target is deployed on this machine: one without a mode and a workspace."""
    workspace = bundle.data.get("workspace") or {}
    mode = (bundle.data.get("bundle") or {}).get("mode")
    return not mode and not workspace.get("host") and not workspace.get("profile")
