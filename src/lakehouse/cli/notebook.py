"""`lakehouse notebook run`: a notebook in Databricks' source format, run here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.cli.command import command
from lakehouse.cli.invocation import Invocation
from lakehouse.terminal.messages import say

if TYPE_CHECKING:
    from lakehouse.run.notebook.cell_run import CellRun

group = typer.Typer(
    name="notebook",
    help="Run notebooks in Databricks' source format, here.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(
        group, name="notebook", epilog="Example: lakehouse notebook run notebooks/tour.py"
    )


@group.callback()
def default() -> None:
    """Run notebooks in Databricks' source format, here."""


@command(group, "run", "lakehouse notebook run notebooks/tour.py --param department=GROCERY")
def run(
    invocation: Invocation,
    path: Annotated[Path, typer.Argument(metavar="NOTEBOOK", help="Such as notebooks/tour.py.")],
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="KEY=VALUE", help="Set a widget; again for more."),
    ] = None,
    output_html: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The page; else <data>/notebooks/<name>.html."),
    ] = None,
) -> None:
    """Run a notebook and keep it as a page; print what it ends with."""
    from lakehouse.base.pairs import pairs
    from lakehouse.run.notebook.notebook_run import NotebookRun
    from lakehouse.run.notebook.session import Session
    from lakehouse.run.notebook.source import find

    parameters = pairs(param or [], "--param")
    notebook = find(path, Path())
    page = output_html or invocation.settings.data_folder / "notebooks" / f"{notebook.stem}.html"
    session = Session(invocation.settings, lambda: invocation.lake.spark)
    work = NotebookRun(notebook, parameters, session, page, invocation.verbose, _say_cell)
    work.go()
    say(f"the notebook as it ran: {_relative(page)}")
    if work.value is not None:
        print(work.value)


def _say_cell(cell: CellRun) -> None:
    """A line for each cell that ran."""
    mark = {"done": "✓", "exited": "✓"}.get(cell.state, "✗")
    say(f"{mark}  {cell.place}  {cell.seconds:.1f} s")


def _relative(path: Path) -> Path:
    """A path as one would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
