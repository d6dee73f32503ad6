"""`lakehouse quarantine ...`: what was set aside and why; letting out what passes by now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import islice
from typing import Annotated, Any

import typer

from lakehouse.base.errors import unknown
from lakehouse.cli.command import command
from lakehouse.cli.invocation import Invocation
from lakehouse.cli.options import Format, MaybeTable, TableName
from lakehouse.terminal.messages import say
from lakehouse.terminal.output import write
from lakehouse.terminal.rows import Rows
from lakehouse.terminal.units import age

ASIDE = "ops.quarantine"

group = typer.Typer(
    name="quarantine",
    help="What was set aside and why; let out what passes by now.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="quarantine", epilog="Example: lakehouse quarantine list")


@command(group, "list", "lakehouse quarantine list")
def list_(invocation: Invocation, name: MaybeTable = None, output: Format = "table") -> None:
    """Count the rows that wait, by table and broken rule, and those that were let out."""
    waiting: Counter[tuple[str, str]] = Counter()
    released: Counter[tuple[str, str]] = Counter()
    oldest: dict[tuple[str, str], datetime] = {}
    for table, rules, at, release in _aside(invocation, name, "rules, quarantined_at"):
        for rule in rules:
            key = (table, rule)
            waiting[key] += release is None
            released[key] += release is not None
            if release is None:
                oldest[key] = min(oldest.get(key, at), at)
    rows = [
        (table, rule, waiting[table, rule], released[table, rule], oldest.get((table, rule)))
        for table, rule in sorted(waiting)
    ]
    commas = {"waiting": "{:,}".format, "released": "{:,}".format}
    if output == "table":
        now = datetime.now(timezone.utc)
        formats = {**commas, "age": lambda moment: age(moment, now)}
        columns = ("table", "rule", "waiting", "released", "age")
        write(Rows(columns, rows, formats, ("age", "released"), "-"), output)
        say(f"{_count(invocation, name):,} rows wait; a row that breaks several rules is in each")
    else:
        write(Rows(("table", "rule", "waiting", "released", "oldest"), rows), output)


@command(group, "show", "lakehouse quarantine show silver.basket_lines --limit 5")
def show(
    invocation: Invocation,
    name: TableName,
    rule: Annotated[str, typer.Option(help="Those that break this rule alone.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many rows.")] = 20,
    output: Format = "table",
) -> None:
    """Show rows that wait: the rules that they break, the row as it was made, the record."""
    table = invocation.index.table(name)
    if rule and rule not in (declared := table.rules or {}):
        # Those of what could not be read are the lake's own.
        seen = {each for _, rules, _ in _aside(invocation, name, "rules") for each in rules}
        if rule not in seen:
            raise unknown("rule", rule, {*declared, *seen}, name)
    found = (
        (batch, "; ".join(rules), row, record)
        for _, batch, rules, row, record, release in _aside(
            invocation, name, "batch, rules, row, record"
        )
        if release is None and (not rule or rule in rules)
    )
    rows = list(islice(found, limit))
    if rows or output != "table":
        write(Rows(("batch", "broken rules", "row", "record"), rows), output)
    if not rows:
        say(f"no row of {name} waits in quarantine")


@command(group, "replay", "lakehouse quarantine replay silver.basket_lines")
def replay(invocation: Invocation, name: TableName) -> None:
    """Let out the rows that pass by now, once, with their accounts moved along."""
    invocation.index.table(name)
    from lakehouse.jobs import release as job
    from lakehouse.terminal.display import showing

    with showing():
        job.main(invocation.job_arguments(tables=name))
    say(f"{_count(invocation, name):,} rows of {name} wait still")


def _count(invocation: Invocation, name: str | None) -> int:
    return sum(release is None for *_, release in _aside(invocation, name, "batch"))


def _aside(invocation: Invocation, name: str | None, columns: str) -> Iterator[tuple[Any, ...]]:
    """Rows of quarantine: table, these columns, and the number of the release or None."""
    if name is not None:
        invocation.index.table(name)
    if not invocation.glance.exists(ASIDE):
        return iter(())
    held = [column for column, _ in invocation.glance.columns(ASIDE)]
    release = "release" if "release" in held else "CAST(NULL AS BIGINT)"
    query = f"SELECT `table`, {columns}, {release} AS release FROM t"
    if name is not None:
        query += f" WHERE `table` = '{name}'"
    return iter(invocation.glance.query(ASIDE, query))
