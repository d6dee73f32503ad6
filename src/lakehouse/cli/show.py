"""`lakehouse show` and `lakehouse history`: the rows of a table, and how it came to be."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lakehouse.cli.as_of import versions_at
from lakehouse.cli.command import command
from lakehouse.cli.invocation import Invocation
from lakehouse.cli.options import Format, TableName
from lakehouse.terminal.messages import say
from lakehouse.terminal.output import write
from lakehouse.terminal.rows import Rows
from lakehouse.terminal.units import age

LIMIT = 20


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "show", "lakehouse show silver.products --limit 5 --output csv")(show)
    command(app, "history", "lakehouse history silver.basket_lines")(history)


def show(
    invocation: Invocation,
    table: TableName,
    version: Annotated[
        int | None, typer.Option(min=0, help="As the table was at this version.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="DATE|TIME", help="What was true then, of a table of versions."
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="How many rows.")] = LIMIT,
    everything: Annotated[bool, typer.Option("--all", help="Every row.")] = False,
    output: Format = "table",
) -> None:
    """Show some rows of a table, as it is or as it was."""
    entry = invocation.index.table(table)
    columns, where = versions_at(entry, as_of) if as_of is not None else ((), "")
    most = None if everything else limit
    sample = invocation.glance.sample(table, most, version, columns, where)
    count = write(Rows(sample.columns, sample.rows), output)
    if not count and limit:
        say(f"{table} holds no row" + (f" that was valid at {as_of}" if as_of else ""))


def history(
    invocation: Invocation,
    table: TableName,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, help="The newest ones only.")
    ] = None,
    output: Format = "table",
) -> None:
    """List the versions of a table, newest first."""
    invocation.index.table(table)
    commits: list[dict[str, Any]] = [
        {
            "version": commit.version,
            "at": commit.at,
            "operation": commit.operation,
            "rows": _rows(commit.metrics),
            "metrics": commit.metrics,
        }
        for commit in invocation.glance.history(table, limit)
    ]
    if output == "table":
        for commit in commits:
            commit["age"] = age(commit["at"])
            del commit["metrics"]
        columns = ("version", "at", "age", "operation", "rows")
        write(
            Rows.of(commits, columns, formats={"rows": "{:,}".format}, optional=("age",), null="-")
        )
        say(f"look at one of them: lakehouse show {table} --version {commits[0]['version']}")
        return
    write(Rows.of(commits), output)


def _rows(metrics: dict[str, int]) -> int | None:
    """Rows that a commit wrote; None where it wrote none by its nature."""
    if "numTargetRowsInserted" in metrics:
        changed = ("numTargetRowsInserted", "numTargetRowsUpdated", "numTargetRowsDeleted")
        return sum(metrics.get(each, 0) for each in changed)
    return metrics.get("numOutputRows")
