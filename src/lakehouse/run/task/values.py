"""Task values: small facts that one task of a job leaves for the tasks after it.

The same two calls work in a run on this machine and on Databricks, where they go through
`dbutils.jobs.taskValues`.
"""

from __future__ import annotations

import json
from typing import Any

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.run.task.call import CURRENT

_MISSING = object()


def put(key: str, value: Any) -> None:
    """Leave `value` (anything JSON can hold, up to 48 KiB) under `key` for later tasks.

    Outside a run it is dropped. Raises LakehouseError for a value that JSON cannot hold.
    """
    try:
        size = len(json.dumps(value).encode())
    except (TypeError, ValueError) as error:
        raise LakehouseError(f"task value {key!r} cannot be written as JSON: {error}") from None
    if size > 48 * 1024:
        raise LakehouseError(f"task value {key!r} is {size} bytes long, 49152 are allowed")
    call = CURRENT.get()
    if call is not None:
        call.values[key] = value
        return
    remote = _remote()
    if remote is not None:
        remote.set(key=key, value=value)


def get(task: str, key: str, default: Any = _MISSING) -> Any:
    """Return what the task `task` left under `key`, or `default`.

    Raises LakehouseError with the nearest name where there is neither.
    """
    call = CURRENT.get()
    if call is None and (remote := _remote()) is not None:
        fallback = {} if default is _MISSING else {"default": default}
        return remote.get(taskKey=task, key=key, **fallback)
    others = call.others if call is not None else {}
    values = (others.get(task) or {}).get("values") or {}
    if key in values:
        return values[key]
    if default is not _MISSING:
        return default
    if task not in others:
        raise LakehouseError(f"no task {task!r} has ended", "", did_you_mean(task, others))
    raise LakehouseError(f"task {task!r} left no {key!r}", "", did_you_mean(key, values))


def _remote() -> Any:
    """Return `dbutils.jobs.taskValues` on Databricks, else None."""
    try:
        from databricks.sdk.runtime import dbutils
    except Exception:  # the import itself looks for a workspace, and fails in many ways
        return None
    return dbutils.jobs.taskValues
