"""The files of a bundle: `databricks.yml` and what it includes, read into one tree."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.merge import join_files
from lakehouse.bundle.nodes import Node, Place
from lakehouse.bundle.syntax import parse

NAMES = ("databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml")
_WILD = "*?["


@dataclass(frozen=True)
class Files:
    """All files of a bundle as one tree; `paths` are in the order in which they were read."""

    root: Path
    tree: Node
    paths: tuple[Path, ...]
    faults: tuple[Fault, ...]


def root_file(folder: Path) -> Path:
    """Return the bundle's `databricks.yml`: in `folder`, or in the nearest folder above it.

    `folder` may also be that file itself. Raises LakehouseError where there is none.
    """
    if folder.is_file():
        return folder
    here = folder.absolute()
    for above in (folder, *here.parents) if folder.is_dir() else ():
        for name in NAMES:
            if (above / name).is_file():
                return above / name
    bundles = sorted(path.parent for path in folder.glob("*/databricks.yml"))
    todo = (
        f"Did you mean {str(bundles[0])!r}?"
        if bundles
        else "Name the folder that holds the bundle's databricks.yml."
    )
    raise LakehouseError("there is no databricks.yml", str(folder), todo)


def shown(path: Path) -> str:
    """Return a path as text: relative to the current folder if it is below it, else as it is."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def read_files(folder: Path) -> Files:
    """Read a bundle's files. What is wrong with one of them is a fault, not an exception.

    Raises LakehouseError where there is no `databricks.yml`.
    """
    first = root_file(folder).resolve()
    root = first.parent
    tree, faults = _read(first)
    included, include_faults = _included(root, tree)
    faults += include_faults + _root_faults(root, tree.place.file)
    for path in included:
        part, part_faults = _read(path)
        faults += part_faults
        if (include := part.get("include")) is not None:
            faults += _nested_include(path, part.keys.get("include", include.place), first)
            content = {key: value for key, value in part.items() if key != "include"}
            part = Node(content, part.place, part.keys)
        tree, merge_faults = join_files(tree, part)
        faults += merge_faults
    return Files(root, tree, (first, *included), tuple(faults))


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
    """Return the files that match the globs of `include`, each once, in the order of the list.

    A glob may match nothing: what it names may be made later. As in the official CLI, `**` stands
    for one folder.
    """
    paths: list[Path] = []
    faults: list[Fault] = []
    include = tree.get("include")
    for entry in include.elements() if include is not None else ():
        glob = entry.value
        if glob == "":
            faults.append(Fault("include", "an include names no file", entry.place, "include"))
        if not isinstance(glob, str) or not glob:
            continue  # the schema reports a wrong type
        if Path(glob).is_absolute():
            message = f"the include {glob!r} is no relative path"
            hint = "Write it relative to the folder of databricks.yml."
            faults.append(Fault("include", message, entry.place, "include", hint))
            continue
        files = _matches(root, glob)
        wild = any(character in glob for character in _WILD)
        if not files and not wild:
            message = f"the include {glob!r} finds no file"
            faults.append(Fault("missing-file", message, entry.place, "include"))
        for path in files:
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


def _matches(root: Path, glob: str) -> list[Path]:
    parts = ["*" if part == "**" else part for part in Path(glob).parts]
    matches = root.glob(str(Path(*parts)))
    return sorted({Path(os.path.normpath(path)) for path in matches if path.is_file()})


def _root_faults(root: Path, first: str) -> list[Fault]:
    """Return the fault of a root folder that the official CLI would read as a glob."""
    wild = sorted({character for character in str(root) if character in _WILD + "]^"})
    if not wild:
        return []
    message = f"the path of the bundle's folder holds {' '.join(wild)}: globs cannot find it"
    return [Fault("include", message, Place(first), hint="Rename the folder.")]


def _nested_include(path: Path, place: Place, first: Path) -> list[Fault]:
    """Return the faults of an `include` in an included file: it is ignored, and may be a cycle."""
    hint = "Name the files under `include` of databricks.yml itself."
    message = "only databricks.yml may include files"
    faults = [Fault("nested-include", message, place, "include", hint)]
    for cycle in _include_cycles((first, path)):
        names = " -> ".join(file.name for file in cycle)
        faults.append(Fault("include-cycle", f"the includes form a cycle: {names}", place))
    return faults


def _include_cycles(chain: tuple[Path, ...]) -> list[tuple[Path, ...]]:
    """Return the cycles that go on from a `chain` of files of which each includes the next."""
    root = chain[0].parent
    cycles: list[tuple[Path, ...]] = []
    tree, _ = _read(chain[-1])
    include = tree.get("include")
    for entry in include.elements() if include is not None else ():
        if not isinstance(entry.value, str) or ".." in Path(entry.value).parts:
            continue
        for path in sorted(root.glob(entry.value)):
            if path in chain:
                cycles.append((*chain[chain.index(path) :], path))
            elif path.is_file() and len(chain) < 20:
                cycles += _include_cycles((*chain, path))
    return cycles
