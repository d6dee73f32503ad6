"""Arguments and options that several commands have."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated

import typer

from lakehouse.base.errors import LakehouseError
from lakehouse.cli import completion
from lakehouse.terminal.output import Output

Format = Annotated[
    Output, typer.Option("--output", "-o", help="How to print rows: csv and json hold all of them.")
]
TableName = Annotated[
    str,
    typer.Argument(
        metavar="TABLE", help="Such as gold.daily_sales.", autocompletion=completion.tables
    ),
]
MaybeTable = Annotated[
    str | None,
    typer.Argument(
        metavar="[TABLE]", help="Such as gold.daily_sales.", autocompletion=completion.tables
    ),
]
SomeTables = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TABLE]...", help="Such as gold.daily_sales.", autocompletion=completion.tables
    ),
]
ModelName = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="Such as churn.", autocompletion=completion.models),
]
Until = Annotated[
    str | None, typer.Option(metavar="DATE", help="The last day that lands, as YYYY-MM-DD.")
]


def day(text: str | None) -> str:
    """The day of an option, as text; empty for None. Raises LakehouseError for what is no day."""
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise LakehouseError(
            f"{text!r} is not a day", "--until", "write it as YYYY-MM-DD"
        ) from None


def task_names(texts: Iterable[str]) -> list[str]:
    """The tasks of an option that may be given again, or once as `a,b`."""
    return [name for text in texts for name in text.split(",") if name]
