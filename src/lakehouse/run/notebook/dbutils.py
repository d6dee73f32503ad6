"""`dbutils` on this machine: its parts, as far as they make sense here."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lakehouse.base.errors import LakehouseError
from lakehouse.run.notebook.files import Files
from lakehouse.run.task import values as task_values
from lakehouse.run.task.call import CURRENT

if TYPE_CHECKING:
    from lakehouse.run.notebook.context import NotebookContext


class Exit(BaseException):
    """Ends a notebook, with a value. Not an Exception, so that no cell catches it."""

    def __init__(self, value: str) -> None:
        """Keep the value."""
        super().__init__(value)
        self.value = value


class NotebookUtils:
    """`dbutils.notebook`: ends this notebook, or runs another one."""

    def __init__(self, run: NotebookContext) -> None:
        """Belong to a notebook that runs."""
        self._run = run

    def exit(self, value: Any = "") -> None:
        """End the notebook with a text, which is its output."""
        if not isinstance(value, str):
            what = f"a notebook exits with a text, not with {type(value).__name__}"
            raise LakehouseError(what, "dbutils.notebook.exit", "write it with json.dumps")
        raise Exit(value)

    def run(
        self, path: str, timeout_seconds: float = 0, arguments: Mapping[str, Any] | None = None
    ) -> str | None:
        """Run another notebook by itself and return what it exits with.

        `path` is relative to this notebook. Raises LakehouseError where it fails, or does not
        end within `timeout_seconds` (0: as long as it takes).
        """
        return self._run.call(path, timeout_seconds, dict(arguments or {}))


class TaskValues:
    """`dbutils.jobs.taskValues`: facts that one task leaves for those after it."""

    def set(self, key: str, value: Any) -> None:
        """Leave a value; outside a job it is dropped."""
        task_values.put(key, value)

    def get(self, taskKey: str, key: str, default: Any = None, debugValue: Any = None) -> Any:  # noqa: N803
        """Return what a task left, or `default`; outside a job, `debugValue`."""
        if CURRENT.get() is not None:
            fallback = () if default is None else (default,)
            return task_values.get(taskKey, key, *fallback)
        if debugValue is None:
            todo = "Give a debugValue, or run the notebook as a task of a job."
            what = f"there is no job whose task {taskKey!r} left {key!r}"
            raise LakehouseError(what, "dbutils.jobs.taskValues", todo)
        return debugValue


class JobUtils:
    """`dbutils.jobs`."""

    def __init__(self) -> None:
        """Hold the task values."""
        self.taskValues = TaskValues()


class Secrets:
    """`dbutils.secrets`: read from the environment, and never shown."""

    def __init__(self) -> None:
        """Know no secret yet."""
        self._read: set[str] = set()

    def get(self, scope: str, key: str) -> str:
        """Return a secret: the environment variable SECRET_<SCOPE>_<KEY>."""
        name = re.sub(r"\W", "_", f"SECRET_{scope}_{key}").upper()
        if name not in os.environ:
            todo = f"Set the environment variable {name}."
            raise LakehouseError("there is no such secret", f"{scope}/{key}", todo)
        value = os.environ[name]
        self._read.add(value)
        return value

    def hidden(self, text: str) -> str:
        """Return a text without the secrets that were read."""
        for each in self._read:
            text = text.replace(each, "[REDACTED]") if each else text
        return text


class Library:
    """`dbutils.library`."""

    def restartPython(self) -> None:  # noqa: N802
        """Do nothing: nothing is installed here, so Python needs no new start."""


class Dbutils:
    """What a notebook knows as `dbutils`."""

    def __init__(self, run: NotebookContext) -> None:
        """Belong to a notebook that runs."""
        self.widgets = run.widgets
        self.notebook = NotebookUtils(run)
        self.jobs = JobUtils()
        self.fs = Files()
        self.secrets = Secrets()
        self.library = Library()

    def __getattr__(self, name: str) -> Any:
        what = f"dbutils.{name} is there on Databricks only; here are {', '.join(vars(self))}"
        raise AttributeError(what)
