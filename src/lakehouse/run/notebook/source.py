"""A notebook as a file: Databricks' source format (.py, .sql) or .ipynb, as a list of cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse.base.errors import LakehouseError, did_you_mean

SUFFIXES = (".py", ".sql", ".ipynb")
"""Suffixes that may be left out of a notebook's name; the first that exists is taken."""

NO_CODE = ("md",)
"""Kinds of cells that run nothing."""

_COMMENT = {".py": "#", ".sql": "--"}
_LANGUAGE = {".py": "python", ".sql": "sql"}
_MAGIC = re.compile(r"%{1,2}([A-Za-z][\w-]*)[ \t]*(.*)", re.DOTALL)
_TITLE = re.compile(r"DBTITLE\s+(\d+)\s*,\s*(.*)")


@dataclass(frozen=True)
class Cell:
    """One cell: `kind` is its language or the name of its magic (python, sql, md, run, pip...).

    `text` is what stands behind the magic; its first line is line `line` of the file, or of the
    cell where the file (.ipynb) has no lines that a person sees.
    """

    number: int
    kind: str
    text: str
    line: int = 1
    title: str = ""


@dataclass(frozen=True)
class Notebook:
    """A file and its cells, in order."""

    path: Path
    cells: tuple[Cell, ...]

    @property
    def has_lines(self) -> bool:
        """Whether lines of the file mean something to a person."""
        return self.path.suffix in _COMMENT

    def place(self, cell: Cell, line: int | None) -> str:
        """Where in the notebook something is, as one would say it."""
        name = f"cell {cell.number}{f' {cell.title!r}' if cell.title else ''}"
        if line is None:
            return f"{self.path.name}, {name}"
        if self.has_lines:
            return f"{self.path.name}:{line}, {name}"
        return f"{self.path.name}, {name}, line {line}"


def find(name: str | Path, folder: Path) -> Path:
    """Return the notebook of a name, with or without its suffix, relative to `folder`.

    Raises LakehouseError where there is none; it names the nearest one beside it.
    """
    whole = folder / name
    for each in (whole, *(whole.with_name(whole.name + suffix) for suffix in SUFFIXES)):
        if each.is_file():
            return each.resolve()
    beside = sorted({p.stem for p in whole.parent.glob("*") if p.suffix in SUFFIXES})
    todo = did_you_mean(whole.stem, beside) if beside else ""
    raise LakehouseError("the notebook is not there", str(whole), todo)


def read(path: Path) -> Notebook:
    """Return the notebook in a file.

    Raises LakehouseError where the file is none of these formats, or a magic stands amid code.
    """
    if path.suffix == ".ipynb":
        return Notebook(path, tuple(_jupyter(path)))
    if path.suffix not in _COMMENT:
        todo = f"Notebooks end in {', '.join(SUFFIXES)}."
        raise LakehouseError("is no notebook that can be run here", str(path), todo)
    lines = path.read_text("utf-8-sig").splitlines()
    comment = _COMMENT[path.suffix]
    header = f"{comment} Databricks notebook source"
    if not lines or lines[0].rstrip() != header:
        raise LakehouseError(f"is no notebook: its first line is not {header!r}", str(path))
    return Notebook(path, tuple(_cells(path, lines, comment)))


def _cells(path: Path, lines: Sequence[str], comment: str) -> Iterator[Cell]:
    """The cells of a source file; what is blank is none."""
    begin, number = 1, 0
    ends = [at for at, line in enumerate(lines) if line.rstrip() == f"{comment} COMMAND ----------"]
    for end in (*ends, len(lines)):
        cell = _cell(path, lines[begin:end], begin + 1, comment, number + 1)
        begin = end + 1
        if cell is not None:
            number += 1
            yield cell


def _cell(path: Path, lines: Sequence[str], first: int, comment: str, number: int) -> Cell | None:
    title, at = "", 0
    while at < len(lines):
        line = lines[at].strip()
        match = _TITLE.fullmatch(line.removeprefix(comment).strip()) if line else None
        if match:
            title = match[2].strip() if match[1] != "0" else ""
        elif line:
            break
        at += 1
    body = list(lines[at:])
    while body and not body[-1].strip():
        body.pop()
    if not body:
        return None
    magic = f"{comment} MAGIC"
    language = _LANGUAGE[path.suffix]
    is_magic = [line.startswith(magic) for line in body]
    if not any(is_magic):
        return Cell(number, language, "\n".join(body), first + at, title)
    code = next((each for each, line in enumerate(body) if line.strip() and not is_magic[each]), -1)
    if code >= 0:
        what = "a magic stands amid other code" if is_magic[0] else "a magic begins amid code"
        where = f"{path.name}:{first + at + (code if is_magic[0] else is_magic.index(True))}"
        todo = f"Give it a cell of its own: all lines begin with {magic!r}, or none."
        raise LakehouseError(what, where, todo)
    text = "\n".join(line.removeprefix(magic).removeprefix(" ") for line in body)
    return _by_magic(number, text, first + at, title, language)


def _by_magic(number: int, text: str, line: int, title: str, language: str) -> Cell:
    """A cell by the magic it begins with; without one it is of the notebook's language."""
    magic = _MAGIC.match(text.lstrip())
    if magic is None:
        return Cell(number, language, text, line, title)
    body = magic[2].lstrip("\n")
    skipped = text[: text.rindex(body)] if body else ""
    name = {"md-sandbox": "md"}.get(magic[1], magic[1])
    return Cell(number, name, body, line + skipped.count("\n"), title)


def _jupyter(path: Path) -> Iterator[Cell]:
    """The cells of an .ipynb of any version."""
    try:
        import nbformat
    except ModuleNotFoundError:
        todo = "Install it with: pip install nbformat"
        raise LakehouseError("nbformat, which reads .ipynb, is not here", str(path), todo) from None
    try:
        content = nbformat.read(str(path), as_version=4)  # type: ignore[no-untyped-call]
    except (ValueError, KeyError, AttributeError) as error:
        raise LakehouseError(f"is no notebook: {error}", str(path)) from None
    metadata = content.metadata.get("application/vnd.databricks.v1+notebook", {})
    language = str(metadata.get("language") or "python")
    number = 0
    for each in content.cells:
        text = str(each.source)
        if not text.strip() or each.cell_type == "raw":
            continue
        number += 1
        own = each.metadata.get("application/vnd.databricks.v1+cell", {})
        title = str(own.get("title") or "")
        if each.cell_type == "markdown":
            yield Cell(number, "md", text, 1, title)
        else:
            yield _by_magic(number, text, 1, title, language)
