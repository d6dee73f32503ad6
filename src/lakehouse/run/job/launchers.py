"""How each type of task is run on this machine: in this process, in the calling thread."""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import runpy
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.run.task.call import Call, Launcher

_argv = threading.Lock()


def entry_point(package: str, name: str) -> Callable[..., Any]:
    """Return what Databricks would call: the entry point of that name in the package's metadata.

    Its group does not matter. Where the metadata has none of that name, it is the function
    `name` of the package itself. Raises LakehouseError with the nearest name.
    """
    known: list[str] = []
    try:
        for each in importlib.metadata.distribution(package).entry_points:
            known.append(each.name)
            if each.name == name:
                loaded: Callable[..., Any] = each.load()
                return loaded
    except importlib.metadata.PackageNotFoundError:
        pass
    try:
        module = importlib.import_module(package.replace("-", "_"))
    except ModuleNotFoundError as error:
        todo = "Install the wheel that the bundle builds into this Python."
        raise LakehouseError(f"package {package!r} is not installed: {error}", "", todo) from None
    function = getattr(module, name, None)
    if not callable(function):
        what = f"package {package!r} has no entry point {name!r}"
        raise LakehouseError(what, "", did_you_mean(name, known))
    result: Callable[..., Any] = function
    return result


def wheel(call: Call) -> Any:
    """Call the entry point of a wheel with the task's command line."""
    function = entry_point(call.spec["package_name"], call.spec["entry_point"])
    if _takes_argv(function):
        return _json(function(call.argv))
    with _as_argv(call, [call.spec["entry_point"], *call.argv]):
        return _json(function())


def _takes_argv(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(
        each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD, each.VAR_POSITIONAL)
        for each in parameters
    )


def python_file(call: Call) -> Any:
    """Run a Python file as if it were called from the command line."""
    path = file_of(call, call.spec["python_file"])
    with _as_argv(call, [str(path), *call.argv]):
        runpy.run_path(str(path), run_name="__main__")


def notebook(call: Call) -> Any:
    """Run a notebook in Databricks source format; what it exits with is the task's output."""
    path = file_of(call, call.spec["notebook_path"], (".py", ".sql", ".ipynb"))
    from lakehouse.run.notebook.runner import run_task

    return run_task(call, path)


def sql(call: Call) -> Any:
    """Run the statements of a SQL file; the rows of the last one are the task's output."""
    file = call.spec.get("file")
    if not file:
        raise LakehouseError(
            "only the `file` of a sql_task can be run here: queries, alerts and dashboards live "
            "in a workspace",
            f"task {call.task}",
            "Put the statements into a .sql file.",
        )
    from lakehouse.run.task.sql import run

    return _json(run(call, file_of(call, file["path"])))


def file_of(call: Call, path: str, suffixes: Sequence[str] = ()) -> Path:
    """Return the file a task names; a notebook may be named without its suffix.

    Raises LakehouseError where there is none.
    """
    whole = call.root / path
    for each in (whole, *(whole.with_name(whole.name + suffix) for suffix in suffixes)):
        if each.is_file():
            return each
    raise LakehouseError("the file is not there", str(whole), f"Task {call.task!r} names it.")


def elsewhere(call: Call) -> Any:
    """Refuse a task that only Databricks can run."""
    raise LakehouseError(
        f"a {call.type} runs on Databricks only",
        f"task {call.task}",
        "Leave it out here with targets.local.resources, or choose tasks with --only.",
    )


def default_launchers() -> dict[str, Launcher]:
    """Return the launchers by task type; a type without one runs on Databricks only."""
    return {
        "python_wheel_task": wheel,
        "spark_python_task": python_file,
        "notebook_task": notebook,
        "sql_task": sql,
    }


@contextmanager
def _as_argv(call: Call, argv: list[str]) -> Iterator[None]:
    """Set sys.argv, which a process has only one of: such tasks take turns."""
    while not _argv.acquire(timeout=0.1):
        if call.stop.is_set():
            raise LakehouseError("the task was stopped before its turn came", f"task {call.task}")
    before = sys.argv
    sys.argv = argv
    try:
        yield
    finally:
        sys.argv = before
        _argv.release()


def _json(value: Any) -> Any:
    """Return a result as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(key): _json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_json(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
