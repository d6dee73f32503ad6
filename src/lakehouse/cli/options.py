"""Arguments and options that several commands have."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from lakehouse.base.errors import LakehouseError
from lakehouse.cli import complete
from lakehouse.terminal.rows import Output

Format = Annotated[
    Output, typer.Option("--output", "-o", help="How to print rows: csv and json hold all of them.")
]
TableName = Annotated[
    str,
    typer.Argument(
        metavar="TABLE", help="Such as gold.daily_sales.", autocompletion=complete.tables
    ),
]
MaybeTable = Annotated[
    str | None,
    typer.Argument(
        metavar="[TABLE]", help="Such as gold.daily_sales.", autocompletion=complete.tables
    ),
]
ModelName = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="Such as churn.", autocompletion=complete.models),
]
Until = Annotated[
    str | None, typer.Option(metavar="DATE", help="The last day that lands, as YYYY-MM-DD.")
]


def day(text: str | None) -> str:
    """A day as it was given; empty for none. Raises LakehouseError for what is no day."""
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise LakehouseError(
            f"{text!r} is not a day", "--until", "write it as YYYY-MM-DD"
        ) from None
