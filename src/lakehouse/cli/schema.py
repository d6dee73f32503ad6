"""`lakehouse schema`: the columns of a table, how they came to be, and what upstream sends."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any

import typer

from lakehouse.base.errors import LakehouseError
from lakehouse.cli.command import command
from lakehouse.cli.invocation import Invocation
from lakehouse.cli.options import Format, TableName
from lakehouse.terminal.messages import say
from lakehouse.terminal.output import Output, write
from lakehouse.terminal.rows import Rows


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "schema", "lakehouse schema gold.daily_sales")(schema)


def schema(
    invocation: Invocation,
    name: TableName,
    upstream: Annotated[
        bool,
        typer.Option(
            "--upstream", help="The fields of the records in a bronze table, used or not."
        ),
    ] = False,
    output: Format = "table",
) -> None:
    """Show the columns of a table, as it is or, if it is not filled yet, as it is declared.

    With what its declaration says of them: what they mean, and who may see them; and what was
    declared otherwise before.
    """
    if upstream:
        _show_sent(invocation, name, output)
        return
    table = invocation.index.table(name)
    if invocation.glance.exists(name):
        columns = invocation.glance.columns(name)
    else:
        say(f"{name} has not been filled yet: this is its contract")
        columns = [(column.name, column.type.lower()) for column in table.columns]
    said = {column.name: column for column in table.columns}
    records: list[dict[str, Any]] = [{"column": name, "type": kind} for name, kind in columns]
    for part, title in (("classed", "class"), ("meaning", "meaning")):
        if any(getattr(column, part) for column in table.columns):
            for record in records:
                record[title] = getattr(said.get(record["column"]), part, "") or None
    write(Rows.of(records, optional=("class",), null=""), output)
    if output != "table":
        return
    if table.rules:
        say("")
        for rule, (condition, otherwise) in table.rules.items():
            say(f"expects: {rule} ({condition}), or {otherwise}")
    if table.where:
        say(f"where: {table.where}")
    _tell_changes(invocation, name)


def _tell_changes(invocation: Invocation, name: str) -> None:
    """Says what each decision about the table changed, the oldest first."""
    from lakehouse.declare.changes import changes
    from lakehouse.lake.builds import DECIDED, histories_of

    known = histories_of(invocation.glance).get(name)
    decided = [event for event in known.events if event.kind in DECIDED] if known else []
    if len(decided) > 1:
        say("")
    for before, now in pairwise(decided):
        what = "; ".join(change.what for change in changes(before.definition, now.definition))
        day = f"{now.at:%Y-%m-%d %H:%M}" if now.at else ""
        say(f"{now.kind} {day}: {what or 'as it was declared'}")


def _show_sent(invocation: Invocation, name: str, output: Output) -> None:
    """Shows the fields that came, beside those that are declared."""
    from lakehouse.declare.project import load
    from lakehouse.declare.source import Source
    from lakehouse.ingest.upstream import fields_sent

    invocation.index.table(name)
    reads = load(invocation.settings.project).table(name).reads
    if not reads or not isinstance(source := reads[0], Source):
        raise LakehouseError(
            "is not made of records that arrive", name, "ask for a table of the layer bronze"
        )
    if not invocation.glance.exists(name):
        raise LakehouseError("has not been filled yet", name, "fill it with: lakehouse run")
    sent = fields_sent(invocation.lake, source, name)
    columns = ("field", "declared", "records", "first", "last")
    rows = [(each.name, each.declared, each.records, each.first, each.last) for each in sent]
    if output == "table":
        formats: dict[str, Any] = {"records": "{:,}".format, "first": _minute, "last": _minute}
        write(Rows(columns, rows, formats, ("last", "first"), "-"), output)
        unknown = [each.name for each in sent if each.declared is None]
        missing = [each.name for each in sent if not each.records]
        if unknown:
            say(f"nobody reads: {', '.join(unknown)}")
        if missing:
            say(f"never came: {', '.join(missing)}")
        return
    write(Rows(columns, rows), output)


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
