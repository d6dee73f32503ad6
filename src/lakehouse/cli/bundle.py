"""`lakehouse bundle ...`: validate, plan, deploy, run and look after bundles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lakehouse.base.pairs import pairs
from lakehouse.cli.exit import guarded
from lakehouse.cli.options import Format, task_names

app = typer.Typer(
    name="bundle",
    help="Validate, plan, deploy and run Databricks bundles, here or there.",
    no_args_is_help=True,
    add_completion=False,  # the whole command line has it
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Folder = Annotated[
    Path, typer.Argument(help="The bundle: the folder of its databricks.yml.", metavar="BUNDLE")
]
Target = Annotated[str | None, typer.Option("--target", "-t", help="The target; else the default.")]
Var = Annotated[list[str], typer.Option("--var", help="Set a variable: name=value.")]
Data = Annotated[Path | None, typer.Option(help="Folder of runs and deployments.")]
Deployed = Annotated[
    bool, typer.Option("--deployed", help="Use what was deployed, not what is checked out.")
]
MaxParallel = Annotated[int, typer.Option(min=1, help="Tasks at work at the same time.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show what tasks print, and tracebacks.")]


def _is_archive(bundle: Path, deployed: bool) -> bool:
    return deployed or bundle.suffix == ".zip"


def _flags(max_parallel: int, output: str, verbose: bool) -> list[str]:
    """How to run, as options of the entry file of an archive."""
    flags = [f"--max-parallel={max_parallel}", f"--output={output}"]
    return [*flags, "--verbose"] if verbose else flags


@app.command(epilog="Example: lakehouse bundle validate bundles/orders --target prod")
def validate(
    bundle: Folder,
    target: Annotated[
        str | None, typer.Option("--target", "-t", help="The target; else all of them.")
    ] = None,
    var: Var = [],  # noqa: B006
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail too.")] = False,
    with_databricks: Annotated[
        bool,
        typer.Option("--with-databricks", help="Add the faults that the Databricks CLI finds."),
    ] = False,
    with_tables: Annotated[
        bool,
        typer.Option("--with-tables", help="Add the faults of tables and models; starts Spark."),
    ] = False,
    output: Format = "table",
) -> None:
    """Find every fault of a bundle, offline."""
    from lakehouse.cli.validation import print_faults

    guarded(
        lambda: print_faults(
            bundle, target, pairs(var, "--var"), strict, with_databricks, with_tables, output
        )
    )


@app.command(epilog="Example: lakehouse bundle plan bundles/orders --target local")
def plan(
    bundle: Folder,
    target: Target = None,
    var: Var = [],  # noqa: B006
    data: Data = None,
    output: Format = "table",
) -> None:
    """Show what a deployment would change."""
    from lakehouse.ship.commands import plan as action

    guarded(lambda: action(bundle, target, pairs(var, "--var"), data, output))


@app.command(epilog="Example: lakehouse bundle deploy bundles/orders --target local")
def deploy(
    bundle: Folder,
    target: Target = None,
    var: Var = [],  # noqa: B006
    data: Data = None,
    auto_approve: Annotated[
        bool, typer.Option("--auto-approve", help="Let the Databricks CLI ask nothing.")
    ] = False,
) -> None:
    """Deploy a bundle: here as an archive, else through your CLI."""
    from lakehouse.ship.commands import deploy as action

    extra = ["--auto-approve"] if auto_approve else []
    guarded(lambda: action(bundle, target, pairs(var, "--var"), data, extra))


@app.command(epilog="Example: lakehouse bundle rollback bundles/orders")
def rollback(
    bundle: Folder,
    version: Annotated[
        str | None, typer.Argument(help="The version; else the one before.", metavar="[VERSION]")
    ] = None,
    target: Target = None,
    data: Data = None,
) -> None:
    """Make an earlier version of a local deployment current."""
    from lakehouse.ship.commands import rollback as action

    guarded(lambda: action(bundle, version, target, data))


@app.command(epilog="Example: lakehouse bundle destroy bundles/orders --target local --yes")
def destroy(
    bundle: Folder,
    target: Target = None,
    var: Var = [],  # noqa: B006
    data: Data = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
) -> None:
    """Remove what is deployed. Tables and the records of runs stay."""
    from lakehouse.ship.commands import destroy as action

    guarded(lambda: action(bundle, target, pairs(var, "--var"), data, yes))


@app.command(
    epilog="Example: lakehouse bundle run bundles/orders nightly --params until=2017-03-31"
)
def run(
    bundle: Annotated[
        Path, typer.Argument(help="A bundle's folder, or the archive of one.", metavar="BUNDLE")
    ],
    job: Annotated[str, typer.Argument(help="The job to run.", metavar="JOB")],
    target: Target = None,
    only: Annotated[
        list[str], typer.Option(help="Run this task alone (may be given again; or a,b,c).")
    ] = [],  # noqa: B006
    params: Annotated[
        list[str], typer.Option("--params", "-p", help="Set a job parameter: name=value.")
    ] = [],  # noqa: B006
    var: Var = [],  # noqa: B006
    deployed: Deployed = False,
    max_parallel: MaxParallel = 2,
    data: Data = None,
    output: Format = "table",
    verbose: Verbose = False,
) -> None:
    """Run a job here: of a checkout, a deployment or an archive."""

    def action() -> int:
        if _is_archive(bundle, deployed):
            from lakehouse.ship.commands import run_archive

            flags = [f"--only={each}" for each in only] + [f"--params={each}" for each in params]
            flags += _flags(max_parallel, output, verbose)
            return run_archive(bundle, job, target, data, flags)
        from lakehouse.run.job.commands import run_job

        return run_job(
            bundle,
            job,
            target=target,
            only=task_names(only),
            params=pairs(params, "--params"),
            variables=pairs(var, "--var"),
            max_parallel=max_parallel,
            data=data,
            output=output,
            verbose=verbose,
        )

    guarded(action, verbose)


@app.command(epilog="Example: lakehouse bundle runs bundles/orders 12 --log silver")
def runs(
    bundle: Folder,
    run: Annotated[str | None, typer.Argument(help="Show this run.", metavar="[RUN]")] = None,
    target: Target = None,
    log: Annotated[str | None, typer.Option(help="Print the last log of this task.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many runs.")] = 20,
    data: Data = None,
    output: Format = "table",
) -> None:
    """List the runs that were kept, or show one of them."""
    from lakehouse.run.job.commands import list_runs, show_run

    def action() -> None:
        if run is None:
            list_runs(bundle, target, data, limit, output)
        else:
            show_run(bundle, run, target, data, log, output)

    guarded(action)


@app.command(epilog="Example: lakehouse bundle repair bundles/orders 12")
def repair(
    bundle: Annotated[
        Path, typer.Argument(help="A bundle's folder, or the archive of one.", metavar="BUNDLE")
    ],
    run: Annotated[str, typer.Argument(help="The run to repair.", metavar="RUN")],
    target: Target = None,
    deployed: Deployed = False,
    max_parallel: MaxParallel = 2,
    data: Data = None,
    output: Format = "table",
    verbose: Verbose = False,
) -> None:
    """Run again what failed in a run, and what followed."""

    def action() -> int:
        if _is_archive(bundle, deployed):
            from lakehouse.ship.commands import run_archive

            flags = [f"--repair={run}", *_flags(max_parallel, output, verbose)]
            return run_archive(bundle, "", target, data, flags)
        from lakehouse.run.job.commands import repair_run

        return repair_run(bundle, run, target, max_parallel, data, output, verbose)

    guarded(action, verbose)
