"""Writing a new project: all of its files, or none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from lakehouse.base.errors import LakehouseError
from lakehouse.new.naming import check, check_free

TEMPLATE = Path(__file__).parent / "template"
TOKEN = "new_project"
"""Stands for the project's name in the template, in texts and in paths."""

CHECKOUT = ("conf/base.yml", "src", "bundles", "tests/conftest.py")
"""What a folder has that a project can be added to."""


@dataclass(frozen=True)
class NewProject:
    """A project that was written: its name, the checkout, and the paths added to it."""

    name: str
    home: Path
    paths: tuple[Path, ...]


def make(name: str, home: Path) -> NewProject:
    """Write the project `name` into the checkout `home`: package, tests, bundle, settings.

    The files are written beside and then moved, so that nothing half-written is left. Raises
    LakehouseError for a name that no package can have, for a project that is there already, and
    for a folder that is no checkout.
    """
    home = home.resolve()
    missing = [each for each in CHECKOUT if not (home / each).exists()]
    if missing:
        raise LakehouseError(
            f"a project is added to a checkout of this one, and here is no {missing[0]}",
            str(home),
            "name the checkout's folder with --into",
        )
    check(name)
    places = [
        Path("src") / name,
        Path("tests") / name,
        Path("bundles") / name,
        Path("conf/projects") / f"{name}.yml",
    ]
    for place in places:
        if (home / place).exists():
            raise LakehouseError(f"there is a project {name!r} already", str(home / place))
    check_free(name, home)
    beside = Path(tempfile.mkdtemp(prefix=f".new-{name}-", dir=home))
    try:
        for path, text in project_files(name):
            page = beside / path
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(text, encoding="utf-8")
        _move(beside, home, places)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return NewProject(name, home, tuple(places))


def project_files(name: str) -> Iterator[tuple[Path, str]]:
    """The files of a project of this name: their paths in the checkout, and their texts."""
    for page in sorted(TEMPLATE.rglob("*")):
        if page.is_file() and page.suffix in (".py", ".yml"):
            path = Path(str(page.relative_to(TEMPLATE)).replace(TOKEN, name))
            text = page.read_text(encoding="utf-8").replace(TOKEN, name)
            yield path, _with_sorted_imports(text) if page.suffix == ".py" else text


def _with_sorted_imports(text: str) -> str:
    """The imports of a page in the order of their modules: the new name may come anywhere."""
    statements: list[str] = []
    for line in text.splitlines():
        last = statements[-1] if statements else ""
        if last.startswith("from ") and last.endswith(("(", ",")):  # it goes on in parentheses
            statements[-1] += f"\n{line}"
        else:
            statements.append(line)
    ordered: list[str] = []
    for are_imports, run in groupby(statements, lambda each: each.startswith("from ")):
        block = list(run)
        ordered += sorted(block, key=lambda each: each.split()[1]) if are_imports else block
    return "\n".join(ordered) + "\n"


def _move(beside: Path, home: Path, places: list[Path]) -> None:
    """Move the files to their places, all of them or none."""
    moved: list[Path] = []
    try:
        for place in places:
            (home / place).parent.mkdir(parents=True, exist_ok=True)
            (beside / place).rename(home / place)
            moved.append(home / place)
    except BaseException as error:
        for path in moved:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
        with suppress(OSError):
            (home / "conf" / "projects").rmdir()  # made by this call, if it is empty
        if isinstance(error, OSError):
            raise LakehouseError(f"cannot be written: {error.strerror}", str(home)) from None
        raise
