"""The commands that do something: run, replay, train, score, summary."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from lakehouse.base.settings import variable
from lakehouse.cli import complete
from lakehouse.cli.asked import JOB, Asked, command, say
from lakehouse.cli.options import Format, ModelName, Until, day


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "run", "lakehouse run --until 2017-03-31")(run)
    command(app, "replay", "lakehouse replay --until 2017-01-31")(replay)
    command(app, "train", "lakehouse train churn --trials 10")(train)
    command(app, "score", "lakehouse score churn")(score)
    command(app, "summary", "lakehouse summary")(summary)


def run(
    asked: Asked,
    until: Until = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TASK",
            help="Run this task alone (again for more, or a,b).",
            autocompletion=complete.tasks,
        ),
    ] = None,
    job: Annotated[str, typer.Option(help="The job of the bundle.")] = JOB,
    bundle: Annotated[
        Path | None, typer.Option(help="The bundle's folder; else bundles/<project>.")
    ] = None,
    output: Annotated[
        Literal["table", "json"], typer.Option("--output", "-o", help="How to print rows.")
    ] = "table",
) -> int:
    """Bring everything up to date: run the bundle's job here."""
    from lakehouse.run.job.commands import run_job

    last = day(until)
    folder = bundle or asked.bundle
    _pass_on(asked)
    return run_job(
        folder,
        job,
        target=asked.target,
        only=[each for one in only or () for each in one.split(",") if each],
        params={"until": last} if last else {},
        variables={},
        max_parallel=2,
        data=asked.settings.data_folder,
        output=output,
        verbose=asked.verbose,
    )


def replay(asked: Asked, until: Until = None) -> None:
    """Land the recorded source's files up to a day, those that have not landed yet."""
    from lakehouse.jobs import replay as job
    from lakehouse.terminal.display import showing

    last = day(until)
    with showing():
        job.main(asked.argv(until=last))


def train(
    asked: Asked,
    model: ModelName,
    trials: Annotated[
        int | None, typer.Option(min=0, help="Trials of the search for each candidate.")
    ] = None,
    at: Annotated[
        int | None,
        typer.Option(min=0, help="Version of the model's table to learn from; else the newest."),
    ] = None,
    output: Format = "table",
) -> None:
    """Train a model, choose its champion and show what it is worth."""
    asked.declared.model(model)
    from lakehouse.jobs import train as job
    from lakehouse.terminal.display import showing

    with showing():
        numbers = {"trials": trials, "at": at}
        said = {name: str(number) for name, number in numbers.items() if number is not None}
        job.main(asked.argv(model=model, **said))
    from lakehouse.terminal.rows import write
    from lakehouse.terminal.summary import metrics

    found = metrics(asked.settings, model)
    if found is not None:
        write(found.rows, output)


def score(asked: Asked, model: ModelName) -> None:
    """Score the newest data with a model's champion; rows are only ever added."""
    scores = asked.declared.model(model).scores
    from lakehouse.jobs import score as job
    from lakehouse.terminal.display import showing

    with showing():
        job.main(asked.argv(model=model))
    say(f"look at them: lakehouse show {scores}")


def summary(asked: Asked) -> None:
    """Say what the lake holds now, and how good the models are."""
    from lakehouse.jobs.summary import main

    main(asked.argv())


def _pass_on(asked: Asked) -> None:
    """Hand the settings of this call to the job's tasks, which read them from the environment."""
    _ = asked.settings  # an unknown one is told now, not by the first task
    if asked.conf:
        os.environ["LAKEHOUSE_CONF"] = str(asked.conf.resolve())
    for key, value in asked.changes.items():
        os.environ[variable(key)] = value
