"""The files of a bundle: `databricks.yml` and what it includes, read into one tree."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.merge import joined_files
from lakehouse.bundle.nodes import Node, Place
from lakehouse.bundle.syntax import parse

NAMES = ("databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml")


@dataclass(frozen=True)
class Files:
    """All files of a bundle as one tree. `paths` are in the order in which they were read."""

    root: Path
    tree: Node
    paths: tuple[Path, ...]
    faults: tuple[Fault, ...]


def root_file(folder: Path) -> Path:
    """Return the bundle's `databricks.yml`; `folder` may also be that file itself.

    Raises LakehouseError where there is none.
    """
    if folder.is_file():
        return folder
    for name in NAMES:
        if (folder / name).is_file():
            return folder / name
    near = sorted(each.parent for each in folder.glob("*/databricks.yml"))
    todo = (
        f"Did you mean {str(near[0])!r}?"
        if near
        else "Name the folder that holds the bundle's databricks.yml."
    )
    raise LakehouseError("there is no databricks.yml", str(folder), todo)


def shown(path: Path) -> str:
    """Return a path the way it is shortest to read: relative to where we are, if it is below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def read_files(folder: Path) -> Files:
    """Read a bundle's files. What is wrong with one of them is a fault, not an exception."""
    first = root_file(folder).resolve()
    root = first.parent
    tree, faults = _read(first)
    found, more = _included(root, tree)
    paths = [first, *found]
    faults += more
    for path in found:
        part, wrong = _read(path)
        faults += wrong
        if (included := part.get("include")) is not None:
            faults += _nested(path, part, included, root, paths)
            rest = {key: each for key, each in part.items() if key != "include"}
            part = Node(rest, part.place, part.keys)
        tree, wrong = joined_files(tree, part)
        faults += wrong
    return Files(root, tree, tuple(paths), tuple(faults))


def _read(path: Path) -> tuple[Node, list[Fault]]:
    name = shown(path)
    try:
        return parse(path.read_text(encoding="utf-8"), name)
    except UnicodeDecodeError:
        return Node({}, Place(name)), [Fault("yaml", "the file is not UTF-8 text", Place(name))]
    except OSError as error:
        message = f"the file cannot be read: {error.strerror or error}"
        return Node({}, Place(name)), [Fault("missing-file", message, Place(name))]


def _included(root: Path, tree: Node) -> tuple[list[Path], list[Fault]]:
    """Return the files that the globs of `include` find, each once, in the order of the list."""
    paths: list[Path] = []
    faults: list[Fault] = []
    include = tree.get("include")
    for entry in include.elements() if include is not None else ():
        glob = entry.value
        if glob == "":
            faults.append(Fault("include", "an include names no file", entry.place, "include"))
        if not isinstance(glob, str) or not glob:
            continue  # a wrong type is told by the models
        base = Path(os.path.normpath(root / _fixed(glob)))
        if not any(each == base or each in base.parents for each in _synced(root, tree)):
            message = f"the include {glob!r} reaches above the bundle's root"
            hint = "Move the file below it, or name its folder under sync.paths."
            faults.append(Fault("above-root", message, entry.place, "include", hint))
            continue
        found = sorted({Path(os.path.normpath(it)) for it in root.glob(glob) if it.is_file()})
        wild = any(each in glob for each in "*?[")
        if not found and not (wild and base.is_dir()):
            message = f"the include {glob!r} finds no file"
            faults.append(Fault("missing-file", message, entry.place, "include"))
        for path in found:
            if path.name in NAMES and path.parent == root:
                if not wild:
                    message = f"{path.name} includes itself"
                    faults.append(Fault("include-cycle", message, entry.place, "include"))
            elif path.suffix not in (".yml", ".yaml", ".json"):
                message = f"the include {glob!r} finds {path.name}, which is no YAML file"
                faults.append(Fault("include", message, entry.place, "include"))
            elif path not in paths:
                paths.append(path)
    return paths, faults


def _fixed(glob: str) -> str:
    """Return the part of a glob before its first wild card, folder by folder."""
    parts = Path(glob).parts
    wild = [index for index, part in enumerate(parts) if set(part) & set("*?[")]
    return str(Path(*parts[: wild[0]])) if wild and wild[0] else "." if wild else glob


def _synced(root: Path, tree: Node) -> list[Path]:
    """Return the folders that files of the bundle may be in: its own, and those under sync."""
    sync = tree.get("sync")
    paths = sync.get("paths") if sync is not None else None
    found = [each.value for each in paths.elements()] if paths is not None else []
    return [root, *(Path(os.path.normpath(root / it)) for it in found if isinstance(it, str))]


def _nested(path: Path, part: Node, include: Node, root: Path, known: list[Path]) -> list[Fault]:
    """Tell of an `include` in an included file: it is not followed, and may lead in a circle."""
    place = part.keys.get("include", include.place)
    hint = "Name the files under `include` of databricks.yml itself."
    message = "only databricks.yml may include files"
    faults = [Fault("nested-include", message, place, "include", hint)]
    for chain in _circles(path, root, (known[0], path)):
        told = " -> ".join(each.name for each in chain)
        faults.append(Fault("include-cycle", f"the includes go in a circle: {told}", place))
    return faults


def _circles(path: Path, root: Path, chain: tuple[Path, ...]) -> list[tuple[Path, ...]]:
    found: list[tuple[Path, ...]] = []
    tree, _ = _read(path)
    include = tree.get("include")
    for entry in include.elements() if include is not None else ():
        if not isinstance(entry.value, str) or ".." in Path(entry.value).parts:
            continue
        for below in sorted(root.glob(entry.value)):
            if below in chain:
                found.append((*chain[chain.index(below) :], below))
            elif below.is_file() and len(chain) < 20:
                found += _circles(below, root, (*chain, below))
    return found
