"""The entry points that a project's wheel will have, read from its sources without running them."""

from __future__ import annotations

import ast
import configparser
import importlib
import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Python 3.10 reads no TOML: what only pyproject.toml says is then not known.
_toml: Any = importlib.import_module("tomllib") if importlib.util.find_spec("tomllib") else None


class UnknownError(Exception):
    """What a text says cannot be known without running it."""


def normal(name: str) -> str:
    """Return the name of a distribution in the one form that all its spellings share."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(folder: Path) -> tuple[str, dict[str, str]] | None:
    """Return the distribution's name and its entry points (name to `module:function`).

    Looks into pyproject.toml, setup.cfg and setup.py; None where they say nothing that can be
    understood.
    """
    found: dict[str, str] = {}
    name = ""
    known = False
    for read in (_pyproject, _setup_cfg, _setup_py):
        try:
            part = read(folder)
        except (UnknownError, OSError, ValueError, SyntaxError, configparser.Error):
            continue
        if part is not None:
            known = True
            name = name or part[0]
            found = {**part[1], **found}
    return (name, found) if known and (name or found) else None


def _pyproject(folder: Path) -> tuple[str, dict[str, str]] | None:
    path = folder / "pyproject.toml"
    if _toml is None or not path.is_file():
        return None
    data: Mapping[str, Any] = _toml.loads(path.read_text(encoding="utf-8"))
    project = data.get("project") or {}
    poetry = (data.get("tool") or {}).get("poetry") or {}
    if not project and not poetry:
        return None
    points: dict[str, str] = {}
    for group in (
        project.get("scripts"),
        project.get("gui-scripts"),
        *(project.get("entry-points") or {}).values(),
        poetry.get("scripts"),
        *(poetry.get("plugins") or {}).values(),
    ):
        points.update({key: str(value) for key, value in (group or {}).items()})
    if "entry-points" in (project.get("dynamic") or ()) and not points:
        return None
    return str(project.get("name") or poetry.get("name") or ""), points


def _setup_cfg(folder: Path) -> tuple[str, dict[str, str]] | None:
    path = folder / "setup.cfg"
    if not path.is_file():
        return None
    parser = configparser.ConfigParser()
    parser.read(path, encoding="utf-8")
    if not parser.has_section("options.entry_points"):
        return None
    texts = dict(parser["options.entry_points"])
    name = parser.get("metadata", "name", fallback="")
    return name, _points({group: text.splitlines() for group, text in texts.items()})


def _setup_py(folder: Path) -> tuple[str, dict[str, str]] | None:
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
        if isinstance(node, ast.Call) and _called(node.func) == "setup":
            given = {each.arg: each.value for each in node.keywords if each.arg}
            name = value_of(given["name"], names) if "name" in given else ""
            points = value_of(given["entry_points"], names) if "entry_points" in given else {}
            return str(name), _points(points)
    return None


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _points(groups: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in groups.values() if isinstance(groups, Mapping) else ():
        lines = group.splitlines() if isinstance(group, str) else group
        for line in lines:
            key, equals, value = str(line).partition("=")
            if equals:
                found[key.strip()] = value.strip()
    return found


def value_of(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """Return what an expression comes to, if it is made of constants, names and comprehensions.

    Raises UnknownError for anything else: nothing of the file is run.
    """
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id in names:
        return names[node.id]
    if isinstance(node, ast.List | ast.Tuple):
        found: list[Any] = []
        for each in node.elts:
            if isinstance(each, ast.Starred):
                found += value_of(each.value, names)
            else:
                found.append(value_of(each, names))
        return found
    if isinstance(node, ast.Dict):
        mapping: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                mapping.update(value_of(value, names))
            else:
                mapping[value_of(key, names)] = value_of(value, names)
        return mapping
    if isinstance(node, ast.JoinedStr):
        return "".join(str(value_of(each, names)) for each in node.values)
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
                    names |= {each.asname or each.name for each in node.names}
            return names
    return None
