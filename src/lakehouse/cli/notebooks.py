"""`lakehouse notebook run`: a notebook in Databricks' source format, run here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.cli.asked import Asked, command, say

if TYPE_CHECKING:
    from lakehouse.run.notebook.ran import Ran

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
    asked: Asked,
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
    from lakehouse.run.notebook.session import Session
    from lakehouse.run.notebook.source import find
    from lakehouse.run.notebook.work import Work

    given = pairs(param or [], "--param")
    found = find(path, Path())
    page = output_html or asked.settings.data_folder / "notebooks" / f"{found.stem}.html"
    session = Session(asked.settings, lambda: asked.lake.spark)
    work = Work(found, given, session, page, asked.verbose, _tell)
    work.go()
    say(f"the notebook as it ran: {_near(page)}")
    if work.value is not None:
        print(work.value)


def _tell(ran: Ran) -> None:
    """A line for each cell that ran."""
    mark = {"done": "✓", "exited": "✓"}.get(ran.state, "✗")
    say(f"{mark}  {ran.place}  {ran.seconds:.1f} s")


def _near(path: Path) -> Path:
    """A path as one would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
