"""The entry points of the wheel that a project builds, read from its files without running them."""

from __future__ import annotations

import ast
import configparser
import importlib
import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Python 3.10 reads no TOML: there, entry points in pyproject.toml are unknown.
_toml: Any = importlib.import_module("tomllib") if importlib.util.find_spec("tomllib") else None


class UnknownError(Exception):
    """An expression cannot be evaluated without running the file it is in."""


@dataclass(frozen=True)
class Metadata:
    """The name of a distribution and its entry points: name to `module:function`."""

    name: str
    entry_points: Mapping[str, str]


def normal_name(name: str) -> str:
    """Return the name of a distribution in the one form that all its spellings share."""
    return re.sub(r"[-_.]+", "-", name).lower()


def project_metadata(folder: Path) -> Metadata | None:
    """Return what pyproject.toml, setup.cfg and setup.py declare; the first of them wins.

    None where none of them declares anything that can be read without running it.
    """
    name = ""
    entry_points: dict[str, str] = {}
    for read in (_pyproject, _setup_cfg, _setup_py):
        try:
            metadata = read(folder)
        except (UnknownError, OSError, ValueError, SyntaxError, configparser.Error):
            continue
        if metadata is not None:
            name = name or metadata.name
            entry_points = {**metadata.entry_points, **entry_points}
    return Metadata(name, entry_points) if name or entry_points else None


def _pyproject(folder: Path) -> Metadata | None:
    path = folder / "pyproject.toml"
    if _toml is None or not path.is_file():
        return None
    data: Mapping[str, Any] = _toml.loads(path.read_text(encoding="utf-8"))
    project = data.get("project") or {}
    poetry = (data.get("tool") or {}).get("poetry") or {}
    if not project and not poetry:
        return None
    entry_points: dict[str, str] = {}
    for group in (
        project.get("scripts"),
        project.get("gui-scripts"),
        *(project.get("entry-points") or {}).values(),
        poetry.get("scripts"),
        *(poetry.get("plugins") or {}).values(),
    ):
        entry_points.update({key: str(value) for key, value in (group or {}).items()})
    if "entry-points" in (project.get("dynamic") or ()) and not entry_points:
        return None
    return Metadata(str(project.get("name") or poetry.get("name") or ""), entry_points)


def _setup_cfg(folder: Path) -> Metadata | None:
    path = folder / "setup.cfg"
    if not path.is_file():
        return None
    parser = configparser.ConfigParser()
    parser.read(path, encoding="utf-8")
    if not parser.has_section("options.entry_points"):
        return None
    texts = dict(parser["options.entry_points"])
    name = parser.get("metadata", "name", fallback="")
    return Metadata(name, _entry_points(texts))


def _setup_py(folder: Path) -> Metadata | None:
    path = folder / "setup.py"
    if not path.is_file():
        return None
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                names[statement.targets[0].id] = value_of(statement.value, names)
            except UnknownError:
                continue
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _function_name(node.func) == "setup":
            arguments = {
                keyword.arg: value_of(keyword.value, names)
                for keyword in node.keywords
                if keyword.arg in ("name", "entry_points")
            }
            name, groups = arguments.get("name", ""), arguments.get("entry_points", {})
            return Metadata(str(name), _entry_points(groups))
    return None


def _function_name(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _entry_points(groups: Any) -> dict[str, str]:
    """Return the entry points of all groups; a group is lines of `name = module:function`."""
    entry_points: dict[str, str] = {}
    for group in groups.values() if isinstance(groups, Mapping) else ():
        lines = group.splitlines() if isinstance(group, str) else group
        for line in lines:
            key, equals, value = str(line).partition("=")
            if equals:
                entry_points[key.strip()] = value.strip()
    return entry_points


def value_of(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """Return the value of an expression of constants, known `names` and comprehensions.

    Raises UnknownError for anything else: nothing of the file is run.
    """
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id in names:
        return names[node.id]
    if isinstance(node, ast.List | ast.Tuple):
        elements: list[Any] = []
        for element in node.elts:
            if isinstance(element, ast.Starred):
                elements += value_of(element.value, names)
            else:
                elements.append(value_of(element, names))
        return elements
    if isinstance(node, ast.Dict):
        mapping: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                mapping.update(value_of(value, names))
            else:
                mapping[value_of(key, names)] = value_of(value, names)
        return mapping
    if isinstance(node, ast.JoinedStr):
        return "".join(str(value_of(part, names)) for part in node.values)
    if isinstance(node, ast.FormattedValue) and node.format_spec is None:
        return value_of(node.value, names)
    if isinstance(node, ast.ListComp | ast.GeneratorExp) and len(node.generators) == 1:
        loop = node.generators[0]
        if isinstance(loop.target, ast.Name) and not loop.ifs:
            target = loop.target.id
            items = value_of(loop.iter, names)
            return [value_of(node.elt, {**names, target: item}) for item in items]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return value_of(node.left, names) + value_of(node.right, names)
    raise UnknownError(ast.dump(node)[:80])


def package_functions(folder: Path, package: str) -> set[str] | None:
    """Return the names that `package/__init__.py` defines; None where there is no such file."""
    for base in (folder / "src", folder):
        path = base / package.replace("-", "_") / "__init__.py"
        if path.is_file():
            try:
                tree = ast.parse(path.read_text(encoding="utf-8"))
            except SyntaxError:
                return None
            names: set[str] = set()
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    names.add(node.name)
                elif isinstance(node, ast.ImportFrom | ast.Import):
                    names |= {alias.asname or alias.name for alias in node.names}
            return names
    return None
