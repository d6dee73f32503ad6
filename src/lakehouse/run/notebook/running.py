"""Running a notebook: what the command line and the tasks of a bundle call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import Settings, find_conf, load

if TYPE_CHECKING:
    from lakehouse.run.task.call import Call


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
    from lakehouse.run.notebook.session import Session
    from lakehouse.run.notebook.source import find
    from lakehouse.run.notebook.work import Work

    found = find(path, Path())
    given = dict(parameters or {})
    session = Session(settings or settings_for(found.parent, given))
    return Work(found, given, session, page, echo).go().value


def as_task(call: Call, path: Path) -> str | None:
    """Run the notebook of a task; its page is kept beside the logs of the run."""
    given = dict(call.spec.get("base_parameters") or {})
    page = None
    if call.folder is not None:
        name = "".join(each if each.isalnum() or each in "-_." else "_" for each in call.task)
        page = call.folder / "notebooks" / f"{name}.{call.attempt}.html"
    try:
        found = settings_for(call.root, {"target": call.target, **given})
        return run(path, given, settings=found, page=page)
    finally:
        if page is not None and page.is_file():
            print(f"the notebook as it ran: {page}")


def settings_for(folder: Path, given: Mapping[str, Any]) -> Settings | None:
    """The settings of the project that a folder belongs to; None where it belongs to none.

    A notebook's parameters `target` and `conf` choose among them.
    """
    try:
        conf = Path(str(given["conf"])) if given.get("conf") else find_conf(folder)
    except LakehouseError:
        return None
    return load(str(given.get("target") or "local"), changes(given), conf)


def changes(given: Mapping[str, Any]) -> dict[str, str]:
    """The settings that parameters change, as they do for jobs; what is empty changes nothing."""
    named = {
        "catalog": "lake.catalog",
        "experiment": "mlflow.experiment",
        "registered": "mlflow.registered",
        "root": "lake.root",
        "landing": "landing",
        "until": "replay.until",
        "trials": "train.trials",
    }
    return {key: str(given[name]) for name, key in named.items() if given.get(name)}
