"""`lakehouse tables ...`: what tables there are, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import Any

import typer

from lakehouse.base.errors import LakehouseError
from lakehouse.cli.asked import Asked, command, say
from lakehouse.cli.declared import Declared, DeclaredTable
from lakehouse.cli.options import Format, MaybeTable, TableName
from lakehouse.lake.glance import Facts
from lakehouse.terminal.rows import Rows, write
from lakehouse.terminal.text import ago, size

group = typer.Typer(
    name="tables",
    help="List the tables; their rows, columns, age and lineage.",
    rich_markup_mode=None,
)
COUNTS = ("landed", "kept", "quarantined", "duplicate", "dropped")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="tables", epilog="Example: lakehouse tables list --output json")


@group.callback(invoke_without_command=True)
def default(ctx: typer.Context) -> None:
    """List the tables; their rows, columns, age and lineage."""
    if ctx.invoked_subcommand is None:
        found = group.registered_commands[0].callback
        if found is not None:
            found(output="table", target=None, conf=None, set_=None, verbose=False)


@command(group, "list", "lakehouse tables list --output json")
def list_(asked: Asked, output: Format = "table") -> None:
    """List every table with its rows, version, age and size."""
    rows = []
    for table, facts in _facts(asked):
        rows.append(
            {
                "table": table.name,
                "layer": table.layer,
                "rows": facts.rows if facts else None,
                "version": facts.version if facts else None,
                "refreshed_at": facts.changed_at if facts else None,
                "size": facts.size if facts else None,
            }
        )
    _print(rows, output, aside=("layer", "version"))
    if not any(row["version"] is not None for row in rows):
        say("no table has been filled yet; fill them with: lakehouse run")


@command(group, "schema", "lakehouse tables schema gold.daily_sales")
def schema(asked: Asked, name: TableName, output: Format = "table") -> None:
    """Show the columns of a table, as it is or, if it is not filled yet, as it is declared."""
    table = asked.declared.table(name)
    if asked.glance.exists(name):
        columns = asked.glance.columns(name)
    else:
        say(f"{name} has not been filled yet: this is its contract")
        columns = [(column, kind.lower()) for column, kind in table.columns]
    write(Rows(("column", "type"), columns), output)
    if table.rules and output == "table":
        say("")
        for rule, condition in table.rules.items():
            say(f"expects: {rule} ({condition})")


@command(group, "rows", "lakehouse tables rows silver.basket_lines")
def rows(asked: Asked, name: MaybeTable = None, output: Format = "table") -> None:
    """Show where landed rows went: kept, quarantined, duplicate or dropped."""
    declared = asked.declared
    wanted = [declared.table(name).name] if name else [*declared.tables]
    if not asked.glance.exists("ops.batches"):
        raise LakehouseError("no batch has been accounted for yet", "ops.batches", "lakehouse run")
    totals: dict[str, dict[str, Any]] = {}
    held = asked.glance.sample("ops.batches", None)
    for values in held.rows:
        batch = dict(zip(held.columns, values, strict=True))
        sums = totals.setdefault(
            batch["table"], {"table": batch["table"], "batches": 0, **dict.fromkeys(COUNTS, 0)}
        )
        sums["batches"] += 1
        for count in COUNTS:
            sums[count] += batch[count]
    found = [totals[each] for each in wanted if each in totals]
    commas = dict.fromkeys(COUNTS, "{:,}".format)
    columns = ("table", "batches", *COUNTS)
    write(Rows.of(found, columns, shown=commas, aside=("batches", "dropped")), output)
    if name and not found:
        say(f"no batch of {name} has been accounted for yet")


@command(group, "freshness", "lakehouse tables freshness")
def freshness(asked: Asked, name: MaybeTable = None, output: Format = "table") -> None:
    """Show when each table was last changed, oldest first."""
    found: list[dict[str, Any]] = [
        {
            "table": table.name,
            "refreshed_at": facts.changed_at if facts else None,
            "version": facts.version if facts else None,
            "files": facts.files if facts else None,
        }
        for table, facts in _facts(asked, name)
    ]
    found.sort(key=lambda row: row["refreshed_at"].timestamp() if row["refreshed_at"] else 0)
    _print(found, output, aside=("files", "version"))


@command(group, "lineage", "lakehouse tables lineage gold.daily_sales")
def lineage(asked: Asked, name: MaybeTable = None, output: Format = "table") -> None:
    """Show what a table is made of, and what is made of it; without a name, every edge."""
    declared = asked.declared
    if name is not None:
        declared.table(name)
    if output == "table" and name is not None:
        print("\n".join(_tree(declared, name)))
        fed = [each.name for each in declared.tables.values() if name in each.reads]
        print(f"feeds: {', '.join(fed) or 'nothing'}")
        return
    edges = [
        {"table": table.name, "reads": read, "kind": kind, "model": table.model or None}
        for table in declared.tables.values()
        if name is None or table.name in _upstream(declared, name)
        for kind, reads in (("table", table.reads), ("source", table.sources))
        for read in reads
    ]
    write(Rows.of(edges, ("table", "reads", "kind", "model"), aside=("model", "kind")), output)


def _facts(asked: Asked, name: str | None = None) -> Iterator[tuple[DeclaredTable, Facts | None]]:
    declared = asked.declared
    for table in [declared.table(name)] if name else declared.tables.values():
        facts = None
        try:
            if asked.glance.exists(table.name):
                facts = asked.glance.facts(table.name)
        except LakehouseError as error:
            if name:
                raise
            say(f"warning: {error}")  # the others can be told all the same
        yield table, facts


def _print(found: Sequence[dict[str, Any]], output: Any, aside: tuple[str, ...]) -> None:
    """Print rows; for the eye, moments become ages."""
    if output != "table":
        write(Rows.of(found), output)
        return
    now = datetime.now(timezone.utc)
    columns = tuple("age" if name == "refreshed_at" else name for name in found[0])
    rows = [
        tuple(ago(value, now) if isinstance(value, datetime) else value for value in row.values())
        for row in found
    ]
    write(Rows(columns, rows, {"rows": "{:,}".format, "size": size}, aside, "-"))


def _upstream(declared: Declared, name: str) -> set[str]:
    found = {name}
    for read in declared.tables[name].reads:
        found |= _upstream(declared, read)
    return found


def _tree(declared: Declared, name: str, lead: str = "") -> list[str]:
    """A table and, below it, what it is made of."""
    table = declared.tables[name]
    lines = [name + (f"  (by model {table.model})" if table.model else "")]
    parts = [("table", read) for read in table.reads]
    parts += [("source", source) for source in table.sources]
    for at, (kind, part) in enumerate(parts):
        last = at == len(parts) - 1
        below = (
            _tree(declared, part, lead + ("   " if last else "│  "))
            if kind == "table"
            else [f"{part}  (files that land)"]
        )
        lines.append(f"{lead}{'└─ ' if last else '├─ '}{below[0]}")
        lines += below[1:]
    return lines
