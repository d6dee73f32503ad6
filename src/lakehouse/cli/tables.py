"""`lakehouse tables ...`: what tables there are, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import typer

from lakehouse.base.errors import LakehouseError
from lakehouse.cli.command import command
from lakehouse.cli.invocation import Invocation
from lakehouse.cli.options import Format, MaybeTable
from lakehouse.cli.project_index import ProjectIndex, TableEntry
from lakehouse.lake.account import COUNTS, RARE
from lakehouse.lake.totals import totals
from lakehouse.terminal.messages import say
from lakehouse.terminal.output import Output, write
from lakehouse.terminal.rows import Rows
from lakehouse.terminal.units import age, size

if TYPE_CHECKING:
    from lakehouse.lake.glance import Facts

group = typer.Typer(
    name="tables",
    help="List the tables; their rows, columns, age and lineage.",
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="tables", epilog="Example: lakehouse tables list --output json")


@group.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    """List the tables; their rows, columns, age and lineage."""
    if context.invoked_subcommand is None:
        first = group.registered_commands[0].callback
        if first is not None:
            context.invoke(first, context=context)


@command(group, "list", "lakehouse tables list --output json")
def list_(invocation: Invocation, output: Format = "table") -> None:
    """List every table with its rows, version, age and size."""
    records = [
        {
            "table": table.name,
            "layer": table.layer,
            "rows": facts.rows if facts else None,
            "version": facts.version if facts else None,
            "refreshed_at": facts.changed_at if facts else None,
            "size": facts.size if facts else None,
        }
        for table, facts in _facts(invocation)
    ]
    _write(records, output, optional=("layer", "version"))
    if not any(record["version"] is not None for record in records):
        say("no table has been filled yet; fill them with: lakehouse run")


@command(group, "rows", "lakehouse tables rows silver.basket_lines")
def rows(invocation: Invocation, name: MaybeTable = None, output: Format = "table") -> None:
    """Show where landed rows went: kept, quarantined, duplicate, dropped and so on."""
    index = invocation.index
    names = [index.table(name).name] if name else [*index.tables]
    if not invocation.glance.exists("ops.batches"):
        raise LakehouseError("no batch has been accounted for yet", "ops.batches", "lakehouse run")
    by_name = {each.table: each for each in totals(invocation.glance)}
    records = [
        {"table": each, "batches": by_name[each].batches, **by_name[each].counts}
        for each in names
        if each in by_name
    ]
    shown = [
        name
        for name in COUNTS
        if output != "table" or name not in RARE or any(each[name] for each in records)
    ]
    columns = ("table", "batches", *shown)
    commas = dict.fromkeys(COUNTS, "{:,}".format)
    optional = ("batches", "added", "passed_over", "dropped", "combined", "late")
    write(Rows.of(records, columns, formats=commas, optional=optional), output)
    if name and not records:
        say(f"no batch of {name} has been accounted for yet")


@command(group, "freshness", "lakehouse tables freshness")
def freshness(invocation: Invocation, name: MaybeTable = None, output: Format = "table") -> None:
    """Show when each table was last changed, oldest first."""
    records: list[dict[str, Any]] = [
        {
            "table": table.name,
            "refreshed_at": facts.changed_at if facts else None,
            "version": facts.version if facts else None,
            "files": facts.files if facts else None,
        }
        for table, facts in _facts(invocation, name)
    ]
    records.sort(key=lambda each: each["refreshed_at"].timestamp() if each["refreshed_at"] else 0)
    _write(records, output, optional=("files", "version"))


@command(group, "lineage", "lakehouse tables lineage gold.daily_sales")
def lineage(invocation: Invocation, name: MaybeTable = None, output: Format = "table") -> None:
    """Show what a table is made of, and what is made of it; without a name, every edge."""
    index = invocation.index
    if name is not None:
        index.table(name)
    if output == "table" and name is not None:
        print("\n".join(_tree(index, name)))
        fed = [each.name for each in index.tables.values() if name in each.reads]
        print(f"feeds: {', '.join(fed) or 'nothing'}")
        return
    edges = [
        {"table": table.name, "reads": read, "kind": kind, "model": table.model or None}
        for table in index.tables.values()
        if name is None or table.name in _upstream(index, name)
        for kind, reads in (("table", table.reads), ("source", table.sources))
        for read in reads
    ]
    columns = ("table", "reads", "kind", "model")
    write(Rows.of(edges, columns, optional=("model", "kind"), null="-"), output)


def _facts(
    invocation: Invocation, name: str | None = None
) -> Iterator[tuple[TableEntry, Facts | None]]:
    """The tables with what their logs say; None for one that is not there or cannot be read."""
    index = invocation.index
    for table in [index.table(name)] if name else index.tables.values():
        facts = None
        try:
            if invocation.glance.exists(table.name):
                facts = invocation.glance.facts(table.name)
            elif table.made_late and not name:
                continue
        except LakehouseError as error:
            if name:
                raise
            say(f"warning: {error}")  # the other tables can be listed all the same
        yield table, facts


def _write(records: Sequence[dict[str, Any]], output: Output, optional: tuple[str, ...]) -> None:
    """Print records; in a table, moments become ages."""
    if output != "table":
        write(Rows.of(records), output)
        return
    now = datetime.now(timezone.utc)
    columns = tuple("age" if name == "refreshed_at" else name for name in records[0])
    formats = {"rows": "{:,}".format, "size": size, "age": lambda moment: age(moment, now)}
    write(Rows(columns, [tuple(each.values()) for each in records], formats, optional, "-"))


def _upstream(index: ProjectIndex, name: str) -> set[str]:
    names = {name}
    for read in index.tables[name].reads:
        names |= _upstream(index, read)
    return names


def _tree(index: ProjectIndex, name: str, lead: str = "") -> list[str]:
    """A table and, below it, what it is made of."""
    table = index.tables[name]
    lines = [name + (f"  (by model {table.model})" if table.model else "")]
    parts = [("table", read) for read in table.reads]
    parts += [("source", source) for source in table.sources]
    for at, (kind, part) in enumerate(parts):
        last = at == len(parts) - 1
        below = (
            _tree(index, part, lead + ("   " if last else "│  "))
            if kind == "table"
            else [f"{part}  (files that land)"]
        )
        lines.append(f"{lead}{'└─ ' if last else '├─ '}{below[0]}")
        lines += below[1:]
    return lines
