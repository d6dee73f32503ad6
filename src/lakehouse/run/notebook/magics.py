"""What each kind of cell does: Python, SQL, and the magics."""

from __future__ import annotations

import ast
import linecache
import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.run.notebook import packages
from lakehouse.run.notebook.failure import AtLine
from lakehouse.run.notebook.outputs import Html, Markdown, Text, of_display, of_result

if TYPE_CHECKING:
    from lakehouse.run.notebook.context import NotebookContext
    from lakehouse.run.notebook.source import Cell

_IGNORED = ("matplotlib", "load_ext", "autoreload", "restart_python", "config")
"""Magics that matter only where a person types: here they do nothing."""


def run(notebook: NotebookContext, cell: Cell) -> None:
    """Run one cell. Raises LakehouseError for a magic that is not known here."""
    if cell.kind in _IGNORED:
        return
    runner = _RUNNERS.get(cell.kind)
    if runner is not None:
        runner(notebook, cell)
        return
    known = [*_RUNNERS, *_IGNORED]
    if cell.kind in ("scala", "r", "skip"):
        what, todo = f"%{cell.kind} runs on Databricks only", "Leave it out, or write it in Python."
    else:
        what, todo = f"unknown magic %{cell.kind}", did_you_mean(cell.kind, known)
    raise AtLine(LakehouseError(what, "", todo), cell.line)


def _python(notebook: NotebookContext, cell: Cell) -> None:
    """Run Python; the value of its last line is shown, unless it ends with a semicolon."""
    name = notebook.file_of(cell)
    text = "\n" * (cell.line - 1) + cell.text
    if name not in linecache.cache and not notebook.notebook.has_lines:
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    flags = notebook.future
    tree = compile(text, name, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    if tree.body:
        code = compile(tree, name, "exec", flags, dont_inherit=True)
        notebook.future |= code.co_flags & _FUTURES
        exec(code, notebook.namespace)
    if isinstance(last, ast.Expr):
        code = compile(ast.Expression(last.value), name, "eval", notebook.future, dont_inherit=True)
        value = eval(code, notebook.namespace)
        if value is not None:
            notebook.namespace["_"] = value
        if not cell.text.rstrip().endswith(";"):
            notebook.show(of_result(value))


def _future_flags() -> int:
    import __future__

    return sum(getattr(__future__, name).compiler_flag for name in ("annotations",))


_FUTURES = _future_flags()


def _sql(notebook: NotebookContext, cell: Cell) -> None:
    """Run SQL; the rows of the last statement are shown, and are `_sqldf` after that."""
    from lakehouse.run.task.sql import statements, with_parameters

    at = 0
    rows: Any = None
    for statement in statements(cell.text):
        first = statement.split("\n", 1)[0]
        at = max(cell.text.find(first, at), at)
        line = cell.line + cell.text.count("\n", 0, at)
        try:
            if notebook.widgets.by_sql(statement):
                continue
            text, named = with_parameters(statement, notebook.widgets.getAll())
            rows = notebook.session.spark.sql(text, args=named)
        except Exception as error:
            place = re.search(r"\(line (\d+), pos \d+\)|== SQL \(line (\d+)", str(error))
            further = int(next(filter(None, place.groups()))) - 1 if place else 0
            raise AtLine(error, line + further) from error
        at += len(first)
    if rows is not None and rows.columns:
        notebook.namespace["_sqldf"] = rows
        try:
            notebook.show(of_display(rows))
        except Exception as error:
            raise AtLine(error, line) from error


def _markdown(notebook: NotebookContext, cell: Cell) -> None:
    notebook.show(Markdown(cell.text))


def _html(notebook: NotebookContext, cell: Cell) -> None:
    notebook.show(Html(cell.text))


def _run(notebook: NotebookContext, cell: Cell) -> None:
    """Run the cells of another notebook as if they stood here."""
    words = _words(cell)
    if not words:
        raise AtLine(
            LakehouseError("%run names no notebook", "", "such as %run ./other"), cell.line
        )
    values = {}
    for word in words[1:]:
        name, equals, value = word.removeprefix("$").partition("=")
        if not word.startswith("$") or not equals:
            error = LakehouseError(f"{word!r} is not of the form $name=value", "%run")
            raise AtLine(error, cell.line)
        values[name] = value
    notebook.widgets.set(values)
    try:
        notebook.include(words[0])
    except LakehouseError as error:
        raise AtLine(error, cell.line) from error


def _pip(notebook: NotebookContext, cell: Cell) -> None:
    """Say what would be installed, and whether it is here; install nothing."""
    try:
        print(packages.report(_words(cell), notebook.folder))
    except LakehouseError as error:
        raise AtLine(error, cell.line) from error


def _fs(notebook: NotebookContext, cell: Cell) -> None:
    """Call `dbutils.fs` as a command line: %fs ls /tmp."""
    name, *words = _words(cell) or ["ls"]
    action = getattr(notebook.dbutils.fs, name, None)
    if action is None:
        known = ("cp", "head", "ls", "mkdirs", "mv", "put", "rm")
        todo = did_you_mean(name, known)
        raise AtLine(LakehouseError(f"unknown command {name!r}", "%fs", todo), cell.line)
    options = {word.lstrip("-"): True for word in words if word in ("-r", "--recurse")}
    plain = [word for word in words if not word.startswith("-")]
    try:
        notebook.show(of_display(action(*plain, **({"recurse": True} if options else {}))))
    except (LakehouseError, TypeError) as error:
        raise AtLine(error, cell.line) from error


def _shell(notebook: NotebookContext, cell: Cell) -> None:
    """Run a script in the notebook's folder; with -e it ends at the first command that fails."""
    first, _, rest = cell.text.partition("\n")
    strict = first.split()[:1] == ["-e"]
    script = f"{first.strip().removeprefix('-e') if strict else first}\n{rest}"
    command = ["bash", *(["-e"] if strict else []), "-c", script]
    try:
        process = subprocess.Popen(
            command, cwd=notebook.folder, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except FileNotFoundError:
        raise AtLine(LakehouseError("there is no bash here", "%sh"), cell.line) from None
    output: str | None = None
    try:
        while output is None:  # short waits, so that a task that is stopped stops
            try:
                output = process.communicate(timeout=0.2)[0]
            except subprocess.TimeoutExpired:
                continue
    except BaseException:
        process.kill()
        raise
    notebook.show(Text(output) if output else None)
    if process.returncode:
        what = f"the script ended with exit code {process.returncode}"
        if strict:
            raise AtLine(LakehouseError(what, "%sh"), cell.line)
        notebook.show(Text(what, error=True))


def _words(cell: Cell) -> list[str]:
    """The words of a magic that is one line, or goes on after a backslash."""
    try:
        return shlex.split(cell.text.replace("\\\n", " "), comments=True)
    except ValueError as error:
        raise AtLine(LakehouseError(str(error), f"%{cell.kind}"), cell.line) from None


_RUNNERS: Mapping[str, Callable[[Any, Any], None]] = {
    "python": _python,
    "sql": _sql,
    "md": _markdown,
    "html": _html,
    "run": _run,
    "pip": _pip,
    "fs": _fs,
    "sh": _shell,
}
