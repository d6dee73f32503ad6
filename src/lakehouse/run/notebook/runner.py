"""Running a notebook: what the command line and the tasks of a bundle call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import Settings, find_conf, load
from lakehouse.run.task.call import Call, file_name


def run(
    path: Path | str,
    parameters: Mapping[str, Any] | None = None,
    *,
    settings: Settings | None = None,
    page: Path | None = None,
    echo: bool = True,
) -> str | None:
    """Run a notebook and return what it exits with; None where it just ends.

    `settings` name its lake (None: those found from the notebook's folder on, if any), `page` is
    the HTML file to write, and `echo` prints what it prints. Raises LakehouseError where a cell
    fails: what, in which cell, on which line.
    """
    from lakehouse.run.notebook.notebook_run import NotebookRun
    from lakehouse.run.notebook.session import Session
    from lakehouse.run.notebook.source import find

    notebook = find(path, Path())
    values = dict(parameters or {})
    session = Session(settings or settings_for(notebook.parent, values))
    return NotebookRun(notebook, values, session, page, echo).go().value


def run_task(call: Call, path: Path) -> str | None:
    """Run the notebook of a task; its page is written beside the logs of the run."""
    parameters = dict(call.spec.get("base_parameters") or {})
    page = None
    if call.folder is not None:
        page = call.folder / "notebooks" / f"{file_name(call.task)}.{call.attempt}.html"
    try:
        settings = settings_for(call.root, {"target": call.target, **parameters})
        return run(path, parameters, settings=settings, page=page)
    finally:
        if page is not None and page.is_file():
            print(f"the notebook as it ran: {page}")


def settings_for(folder: Path, parameters: Mapping[str, Any]) -> Settings | None:
    """The settings of the project that a folder belongs to; None where it belongs to none.

    A notebook's parameters `target` and `conf` choose among them.
    """
    try:
        conf = Path(str(parameters["conf"])) if parameters.get("conf") else find_conf(folder)
    except LakehouseError:
        return None
    return load(str(parameters.get("target") or "local"), overrides(parameters), conf)


def overrides(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The settings that parameters override, as they do for jobs; an empty one overrides none."""
    settings = {
        "catalog": "lake.catalog",
        "experiment": "mlflow.experiment",
        "registered": "mlflow.registered",
        "root": "lake.root",
        "landing": "landing",
        "until": "replay.until",
        "trials": "train.trials",
    }
    return {
        setting: str(parameters[name]) for name, setting in settings.items() if parameters.get(name)
    }
