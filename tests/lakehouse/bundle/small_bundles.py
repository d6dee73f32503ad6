"""Bundles of one job, and their faults as codes and lines."""

from __future__ import annotations

from collections.abc import Callable

from lakehouse.bundle.faults import Fault

Faults = Callable[..., list[Fault]]


JOB = """
bundle: {{name: shop}}
resources:
  jobs:
    it:
      tasks:
{tasks}
"""


def summary(faults: list[Fault]) -> list[tuple[str, int]]:
    return [(fault.code, fault.place.line) for fault in faults]


def job(tasks: str, rest: str = "") -> str:
    """A bundle of one job: tasks from line 6 on, then other keys of the job."""
    lines = "\n".join(f"        {line}" for line in tasks.strip("\n").splitlines())
    more = "\n".join(f"      {line}" for line in rest.strip("\n").splitlines())
    return JOB.format(tasks=lines).strip("\n") + "\n" + more + "\n"


NOTE = "notebook_task: {notebook_path: /Shared/tour}"
