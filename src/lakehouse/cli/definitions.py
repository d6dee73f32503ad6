"""`lakehouse plan`, `rebuild`, `accept`: when a declaration is another one than it was."""

from __future__ import annotations

from typing import Annotated

import typer

from lakehouse.cli import completion
from lakehouse.cli.check import declarations
from lakehouse.cli.command import command
from lakehouse.cli.invocation import Invocation
from lakehouse.cli.options import Format, SomeTables
from lakehouse.terminal.messages import say
from lakehouse.terminal.output import write
from lakehouse.terminal.rows import Rows
from lakehouse.terminal.units import duration

Tables = Annotated[
    list[str],
    typer.Argument(
        metavar="TABLE...", help="Such as silver.products.", autocompletion=completion.tables
    ),
]
Downstream = Annotated[
    bool, typer.Option("--with-downstream", help="And all that is made of it, in order.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "plan", "lakehouse plan")(plan)
    command(app, "rebuild", "lakehouse rebuild silver.products --with-downstream")(rebuild)
    command(app, "accept", "lakehouse accept silver.products")(accept)


def plan(
    invocation: Invocation,
    names: SomeTables = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 where a table is not up to date.")
    ] = False,
    output: Format = "table",
) -> int:
    """Say which tables are not what their declarations would make, and what to do."""
    from lakehouse.declare.project import load
    from lakehouse.flow.plan import plan as planned

    checked = declarations(invocation, names or ())
    wrong = [fault for fault in checked.faults if fault.severity == "error"]
    for fault in wrong:
        say(str(fault))
    if not checked.tables:
        return 1
    steps = planned(invocation.lake, load(invocation.settings.project).tables, names or ())
    late = [step for step in steps if step.is_late]
    shown = steps if output != "table" or names else [s for s in steps if s.state != "unchanged"]
    columns = ("table", "state", "rows", "seconds", "why")
    rows = [
        (step.table, step.state, step.rows, step.seconds, "; ".join(step.reasons)) for step in shown
    ]
    formats = {"rows": "{:,}".format, "seconds": duration}
    if rows or output != "table":
        write(Rows(columns, rows, formats, ("seconds", "rows"), "-"), output)
    unchanged = sum(step.state == "unchanged" for step in steps)
    say(f"{unchanged} of {len(steps)} tables are unchanged")
    first = [step for step in late if not step.follows]
    if first and output == "table":
        tables = " ".join(step.table for step in first)
        rows_read = sum(step.rows for step in late)
        seconds = sum(step.seconds or 0 for step in late)
        say(f"to make them anew ({rows_read:,} rows, about {duration(seconds)}):")
        say(f"  lakehouse rebuild {tables} --with-downstream")
        if going := " ".join(step.table for step in first if not step.refused):
            say("to leave their rows as they are, and make the next ones as declared now:")
            say(f"  lakehouse accept {going}")
    return int(bool(wrong) or (strict and bool(late)))


def rebuild(
    invocation: Invocation,
    names: Tables,
    with_downstream: Downstream = False,
    since: Annotated[
        int | None,
        typer.Option(metavar="PARTITION", help="Of a Rebuild table, the partitions from here on."),
    ] = None,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Although no row of it would be left.")
    ] = False,
) -> None:
    """Make tables anew from what they read; the old rows serve until that is done."""
    from lakehouse.jobs import rebuild as job
    from lakehouse.terminal.display import showing

    tables = ",".join(invocation.index.table(name).name for name in names)
    flags = {
        "with_downstream": "true" if with_downstream else None,
        "allow_empty": "true" if allow_empty else None,
        "since": None if since is None else str(since),
    }
    with showing():
        job.main(invocation.job_arguments(tables=tables, **flags))


def accept(
    invocation: Invocation,
    names: Tables,
    judge_past: Annotated[
        bool, typer.Option("--judge-past", help="Only if each row so far passes the rules of now.")
    ] = False,
) -> None:
    """Leave the rows of changed tables as they are; the next ones are made as declared now."""
    from lakehouse.jobs import accept as job
    from lakehouse.terminal.display import showing

    tables = ",".join(invocation.index.table(name).name for name in names)
    with showing():
        job.main(invocation.job_arguments(tables=tables, judge_past="true" if judge_past else None))
