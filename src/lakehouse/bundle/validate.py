"""All that can be said against a bundle without a workspace, at once and in the order of files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from lakehouse.bundle.checking import dynamic, files, rules, shape, tasks, times, wheels
from lakehouse.bundle.faults import BundleError, Fault, ordered
from lakehouse.bundle.files import Files, read_files
from lakehouse.bundle.load import Bundle, load
from lakehouse.bundle.targets import User, chosen_target, target_names

SHAPES = ("unknown-key", "missing-key", "wrong-type", "wrong-value")
CHECKS: tuple[Callable[[Bundle], Iterable[Fault]], ...] = (
    tasks.faults,
    times.faults,
    rules.faults,
    files.faults,
    wheels.faults,
    dynamic.faults,
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
    read = read_files(Path(folder))
    names = target_names(read.tree)
    if target is not None:
        names = (chosen_target(read.tree, target, str(folder)),)
    found: list[Fault] = [*read.faults, *shape.faults(read.tree, merged=False)]
    found += _one_default(read)
    if read.faults and not read.tree.value:  # there is nothing to look at
        return ordered(found)
    found = list({_same(each): each for each in reversed(found)}.values())
    known = {_same(each) for each in found}
    where: dict[tuple[str, str, str], list[str]] = {}
    names = names or ("default",)
    for name in names:
        for each in _of_target(folder, name, variables, user, environment):
            if _same(each) not in known:
                if _same(each) not in where:
                    found.append(each)
                where.setdefault(_same(each), []).append(name)
    return ordered(_with_targets(each, where.get(_same(each), []), names) for each in found)


def _same(fault: Fault) -> tuple[str, str, str]:
    """Return what makes two faults one: targets share most of their lines."""
    if fault.code in SHAPES:  # a target's key is seen where it is written, and once it is merged
        return fault.code, str(fault.place), fault.path.rsplit(".", 1)[-1]
    return fault.code, str(fault.place), fault.message


def _with_targets(fault: Fault, found_in: list[str], names: tuple[str, ...]) -> Fault:
    some = dict.fromkeys(found_in)
    return replace(fault, targets=tuple(some)) if 0 < len(some) < len(names) else fault


def _of_target(
    folder: Path | str,
    target: str,
    variables: Mapping[str, str] | None,
    user: User | None,
    environment: Mapping[str, str],
) -> Iterator[Fault]:
    try:
        bundle = load(folder, target, variables, user=user, environment=environment)
    except BundleError as error:
        yield from error.faults
        return
    yield from bundle.faults
    yield from shape.faults(bundle.config)
    for check in CHECKS:
        yield from check(bundle)


def _one_default(read: Files) -> Iterator[Fault]:
    targets = read.tree.get("targets")
    defaults = [
        name
        for name, node in (targets.items() if targets is not None else ())
        if (chosen := node.get("default")) is not None and chosen.value is True
    ]
    if len(defaults) > 1 and targets is not None:
        message = f"several targets are the default one: {', '.join(defaults)}"
        here = targets.keys.get(defaults[1], targets.place)
        yield Fault("default-target", message, here, f"targets.{defaults[1]}", "Keep one.")
