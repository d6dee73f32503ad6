"""The command `lakehouse`: its commands, and the options that may stand before them."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from lakehouse.cli import (
    broker,
    check,
    definitions,
    jobs,
    new,
    notebook,
    quarantine,
    schema,
    setup,
    show,
    sql,
    tables,
)
from lakehouse.cli.command import common_options

BUNDLE = "bundle"


class _Commands(TyperGroup):
    """The commands, and `bundle`, whose own ones are imported only when one of them is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), BUNDLE]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name != BUNDLE:
            return super().get_command(ctx, cmd_name)
        from lakehouse.cli.bundle import app as bundle

        return get_command(bundle)


app = typer.Typer(
    name="lakehouse",
    cls=_Commands,
    help="A lakehouse, from landed files to served models. Rows go to standard output, messages "
    "to standard error.",
    epilog="Example: lakehouse run --until 2017-03-31",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
app.callback()(common_options)
jobs.add_to(app)
definitions.add_to(app)
quarantine.add_to(app)
tables.add_to(app)
show.add_to(app)
schema.add_to(app)
sql.add_to(app)
check.add_to(app)
notebook.add_to(app)
new.add_to(app)
setup.add_to(app)
broker.add_to(app)
