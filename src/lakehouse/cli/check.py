"""`lakehouse check`: what is wrong with the project's declarations, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.base.errors import unknown
from lakehouse.cli.command import command
from lakehouse.cli.invocation import Invocation
from lakehouse.cli.options import Format, SomeTables
from lakehouse.cli.spinner import spinner
from lakehouse.terminal.messages import say
from lakehouse.terminal.output import write
from lakehouse.terminal.rows import Rows
from lakehouse.terminal.units import counted

if TYPE_CHECKING:
    from lakehouse.flow.faults import Fault

COLUMNS = ("severity", "name", "message", "hint", "file", "line")


@dataclass(frozen=True)
class Checked:
    """How many tables and models were looked at, and what is wrong with them."""

    tables: int
    models: int
    faults: Sequence[Fault]

    def __str__(self) -> str:
        """What was looked at, such as `12 tables, 2 models`."""
        counts = ((self.tables, "table"), (self.models, "model"))
        texts = [f"{count} {noun}{'s' * (count != 1)}" for count, noun in counts if count]
        return ", ".join(texts) or "no table could be read"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "check", "lakehouse check silver.basket_lines")(check)


def check(
    invocation: Invocation,
    names: SomeTables = None,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail too.")] = False,
    reach: Annotated[
        bool,
        typer.Option("--reach", help="Try back and ahead of Rebuild tables on the lake's rows."),
    ] = False,
    output: Format = "table",
) -> int:
    """Find every fault of the tables and models, before anything runs; no row is read."""
    checked = declarations(invocation, names or ())
    if reach and not any(fault.severity == "error" for fault in checked.faults):
        checked = _with_reach(invocation, checked, names or ())
    if output == "table":  # a line each, in the form that editors can follow
        for fault in checked.faults:
            print(fault)
    else:
        records = [
            {
                "severity": fault.severity,
                "name": fault.subject,
                "message": fault.message,
                "hint": fault.hint,
                "file": fault.place.file,
                "line": fault.place.line,
            }
            for fault in checked.faults
        ]
        write(Rows.of(records, COLUMNS), output)
    errors = sum(fault.severity == "error" for fault in checked.faults)
    warnings = len(checked.faults) - errors
    say(f"{checked}: {counted(errors, warnings)}")
    return int(bool(errors or (strict and warnings)))


def _with_reach(invocation: Invocation, checked: Checked, names: Sequence[str]) -> Checked:
    """With the tables that are made of more partitions than they say. Reads their rows."""
    from lakehouse.declare.places import Places
    from lakehouse.declare.project import load
    from lakehouse.flow.check_reach import check_reach

    project = load(invocation.settings.project)
    tables = [table for table in project.tables if not names or table.name in names]
    with spinner("taking partitions away from what tables read"):
        found = check_reach(invocation.lake, tables, Places(project.name))
        return replace(checked, faults=(*checked.faults, *found))


def declarations(invocation: Invocation, names: Sequence[str] = ()) -> Checked:
    """The faults of a project, or of these tables of it. Starts Spark if its pages can be read."""
    from lakehouse.flow.check import faults, tables_of
    from lakehouse.flow.faults import Fault, load

    project = load(invocation.settings.project)
    if isinstance(project, Fault):
        return Checked(0, 0, (project,))
    tables = tables_of(project)
    for name in names:
        if name not in tables:
            raise unknown("table", name, tables)
    lake = invocation.lake
    with spinner("checking the declarations"):
        found = faults(project, lake.spark, names)
    if names:
        return Checked(len(set(names)), 0, found)
    return Checked(len(tables), len(project.models), found)
