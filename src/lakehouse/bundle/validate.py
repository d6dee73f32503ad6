"""All faults of a bundle that can be found without a workspace, in the order of its files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from lakehouse.bundle.checking import (
    artifacts,
    dynamic_values,
    files,
    resources,
    rules,
    shape,
    tasks,
    times,
    wheels,
    workspace,
)
from lakehouse.bundle.faults import BundleError, Fault, ordered
from lakehouse.bundle.files import Files, read_files
from lakehouse.bundle.load import Bundle, of_target
from lakehouse.bundle.nodes import is_true
from lakehouse.bundle.targets import User, choose_target, target_names

SHAPES = ("unknown-key", "missing-key", "wrong-type", "wrong-value")
CHECKS: tuple[Callable[[Bundle], Iterable[Fault]], ...] = (
    tasks.faults,
    times.faults,
    rules.faults,
    workspace.faults,
    resources.faults,
    files.faults,
    artifacts.faults,
    wheels.faults,
    dynamic_values.faults,
)


def validate(
    folder: Path | str,
    target: str | None = None,
    variables: Mapping[str, str] | None = None,
    *,
    user: User | None = None,
    environment: Mapping[str, str] = os.environ,
) -> tuple[Fault, ...]:
    """Return every fault of the bundle in `folder`, for one target or (if None) for all of them.

    Faults come in the order of files, lines and columns, each once. Raises LakehouseError only
    where there is no bundle, or no such target.
    """
    source = read_files(Path(folder))
    if target is None:
        targets = target_names(source.tree) or ("default",)
    else:
        targets = (choose_target(source.tree, target, str(folder)),)
    faults = [
        *source.faults,
        *shape.faults(source.tree, merged=False),
        *resources.doubled_keys(source.tree),
    ]
    if target is None:
        faults += _default_targets(source)
    if source.faults and not source.tree.value:  # nothing of it could be read
        return ordered(faults)
    file_faults: dict[tuple[str, str, str], Fault] = {}
    for fault in faults:
        file_faults.setdefault(_identity(fault), fault)
    target_faults: dict[tuple[str, str, str], tuple[Fault, list[str]]] = {}
    for name in targets:
        for fault in _target_faults(source, name, variables, user, environment):
            if _identity(fault) not in file_faults:
                target_faults.setdefault(_identity(fault), (fault, []))[1].append(name)
    return ordered(
        [
            *file_faults.values(),
            *(_with_targets(fault, names, targets) for fault, names in target_faults.values()),
        ]
    )


def _identity(fault: Fault) -> tuple[str, str, str]:
    """Return what two reports of the same fault have in common: targets share most lines."""
    if fault.code in SHAPES:  # reported for the file, and again once the target is merged
        return fault.code, str(fault.place), fault.path.rsplit(".", 1)[-1]
    return fault.code, str(fault.place), fault.message


def _with_targets(fault: Fault, names: list[str], targets: tuple[str, ...]) -> Fault:
    """Return a fault with the `names` of the targets that have it, if not all of them have it."""
    unique = tuple(dict.fromkeys(names))
    return replace(fault, targets=unique) if len(unique) < len(targets) else fault


def _target_faults(
    source: Files,
    target: str,
    variables: Mapping[str, str] | None,
    user: User | None,
    environment: Mapping[str, str],
) -> Iterator[Fault]:
    try:
        bundle = of_target(source, target, variables, user, environment)
    except BundleError as error:
        yield from error.faults
        return
    yield from bundle.faults
    yield from shape.faults(bundle.config)
    for check in CHECKS:
        yield from check(bundle)


def _default_targets(source: Files) -> Iterator[Fault]:
    targets = source.tree.get("targets")
    defaults = [
        name
        for name, node in (targets.items() if targets is not None else ())
        if is_true(node.get("default"))
    ]
    if len(defaults) > 1 and targets is not None:
        message = f"several targets are the default one: {', '.join(defaults)}"
        place = targets.keys.get(defaults[1], targets.place)
        yield Fault("default-target", message, place, f"targets.{defaults[1]}", "Keep one.")
