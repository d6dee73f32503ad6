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
from lakehouse.run.notebook.outputs import Html, Markdown, Text, displayed, result

if TYPE_CHECKING:
    from lakehouse.run.notebook.ran import Work
    from lakehouse.run.notebook.source import Cell

_QUIET = ("matplotlib", "load_ext", "autoreload", "restart_python", "config")
"""Magics that are of use where a person works in a notebook, and change nothing here."""


def run(work: Work, cell: Cell) -> None:
    """Run one cell. Raises LakehouseError for a magic that is not known here."""
    if cell.kind in _QUIET:
        return
    runner = _RUNNERS.get(cell.kind)
    if runner is not None:
        runner(work, cell)
        return
    known = [*_RUNNERS, *_QUIET]
    if cell.kind in ("scala", "r", "skip"):
        what, todo = f"%{cell.kind} runs on Databricks only", "Leave it out, or write it in Python."
    else:
        what, todo = f"unknown magic %{cell.kind}", did_you_mean(cell.kind, known)
    raise AtLine(LakehouseError(what, "", todo), cell.line)


def _python(work: Work, cell: Cell) -> None:
    """Run Python; the value of its last line is shown, unless it ends with a semicolon."""
    name = work.file_of(cell)
    text = "\n" * (cell.line - 1) + cell.text
    if name not in linecache.cache and not work.notebook.has_lines:
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    flags = work.future
    tree = compile(text, name, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    if tree.body:
        code = compile(tree, name, "exec", flags, dont_inherit=True)
        work.future |= code.co_flags & _FUTURES
        exec(code, work.namespace)
    if isinstance(last, ast.Expr):
        code = compile(ast.Expression(last.value), name, "eval", work.future, dont_inherit=True)
        value = eval(code, work.namespace)
        if value is not None:
            work.namespace["_"] = value
        if not cell.text.rstrip().endswith(";"):
            work.show(result(value))


def _future_flags() -> int:
    import __future__

    return sum(getattr(__future__, name).compiler_flag for name in ("annotations",))


_FUTURES = _future_flags()


def _sql(work: Work, cell: Cell) -> None:
    """Run SQL; the rows of the last statement are shown, and are `_sqldf` after that."""
    from lakehouse.run.task.sql import statements, with_parameters

    at = 0
    found: Any = None
    for statement in statements(cell.text):
        first = statement.split("\n", 1)[0]
        at = max(cell.text.find(first, at), at)
        line = cell.line + cell.text.count("\n", 0, at)
        try:
            if work.widgets.by_sql(statement):
                continue
            text, used = with_parameters(statement, work.widgets.getAll())
            found = work.session.spark.sql(text, args=used)
        except Exception as error:
            said = re.search(r"\(line (\d+), pos \d+\)|== SQL \(line (\d+)", str(error))
            further = int(next(filter(None, said.groups()))) - 1 if said else 0
            raise AtLine(error, line + further) from error
        at += len(first)
    if found is not None and found.columns:
        work.namespace["_sqldf"] = found
        try:
            work.show(displayed(found))
        except Exception as error:
            raise AtLine(error, line) from error


def _markdown(work: Work, cell: Cell) -> None:
    work.show(Markdown(cell.text))


def _html(work: Work, cell: Cell) -> None:
    work.show(Html(cell.text))


def _run(work: Work, cell: Cell) -> None:
    """Run the cells of another notebook as if they stood here."""
    words = _words(cell)
    if not words:
        raise AtLine(
            LakehouseError("%run names no notebook", "", "such as %run ./other"), cell.line
        )
    given = {}
    for word in words[1:]:
        name, equals, value = word.removeprefix("$").partition("=")
        if not word.startswith("$") or not equals:
            error = LakehouseError(f"{word!r} is not of the form $name=value", "%run")
            raise AtLine(error, cell.line)
        given[name] = value
    work.widgets.take(given)
    try:
        work.include(words[0])
    except LakehouseError as error:
        raise AtLine(error, cell.line) from error


def _pip(work: Work, cell: Cell) -> None:
    """Say what would be installed, and whether it is here; install nothing."""
    try:
        print(packages.checked(_words(cell), work.folder))
    except LakehouseError as error:
        raise AtLine(error, cell.line) from error


def _fs(work: Work, cell: Cell) -> None:
    """Call `dbutils.fs` as a command line: %fs ls /tmp."""
    name, *words = _words(cell) or ["ls"]
    action = getattr(work.dbutils.fs, name, None)
    if action is None:
        known = ("cp", "head", "ls", "mkdirs", "mv", "put", "rm")
        todo = did_you_mean(name, known)
        raise AtLine(LakehouseError(f"unknown command {name!r}", "%fs", todo), cell.line)
    options = {word.lstrip("-"): True for word in words if word in ("-r", "--recurse")}
    plain = [word for word in words if not word.startswith("-")]
    try:
        work.show(displayed(action(*plain, **({"recurse": True} if options else {}))))
    except (LakehouseError, TypeError) as error:
        raise AtLine(error, cell.line) from error


def _shell(work: Work, cell: Cell) -> None:
    """Run a script in the notebook's folder; with -e it ends at the first command that fails."""
    first, _, rest = cell.text.partition("\n")
    strict = first.split()[:1] == ["-e"]
    script = f"{first.strip().removeprefix('-e') if strict else first}\n{rest}"
    command = ["bash", *(["-e"] if strict else []), "-c", script]
    try:
        process = subprocess.Popen(
            command, cwd=work.folder, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except FileNotFoundError:
        raise AtLine(LakehouseError("there is no bash here", "%sh"), cell.line) from None
    said: str | None = None
    try:
        while said is None:  # short waits, so that a task that is stopped stops
            try:
                said = process.communicate(timeout=0.2)[0]
            except subprocess.TimeoutExpired:
                continue
    except BaseException:
        process.kill()
        raise
    work.show(Text(said) if said else None)
    if process.returncode:
        what = f"the script ended with exit code {process.returncode}"
        if strict:
            raise AtLine(LakehouseError(what, "%sh"), cell.line)
        work.show(Text(what, error=True))


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
