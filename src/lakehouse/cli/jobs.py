"""The commands that run jobs: run, stream, replay, maintain, train, score, summary."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from lakehouse.base.setting_names import variable
from lakehouse.base.stopping import sigterm_as_interrupt
from lakehouse.cli import completion
from lakehouse.cli.command import command
from lakehouse.cli.invocation import JOB, Invocation
from lakehouse.cli.options import Format, ModelName, Until, day, task_names
from lakehouse.terminal.messages import say


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "run", "lakehouse run --until 2017-03-31")(run)
    command(app, "stream", "lakehouse stream")(stream)
    command(app, "replay", "lakehouse replay --until 2017-01-31")(replay)
    command(app, "maintain", "lakehouse maintain")(maintain)
    command(app, "train", "lakehouse train churn --trials 10")(train)
    command(app, "score", "lakehouse score churn")(score)
    command(app, "summary", "lakehouse summary")(summary)


def run(
    invocation: Invocation,
    until: Until = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TASK",
            help="Run this task alone (again for more, or a,b).",
            autocompletion=completion.tasks,
        ),
    ] = None,
    job: Annotated[str, typer.Option(help="The job of the bundle.")] = JOB,
    bundle: Annotated[
        Path | None, typer.Option(help="The bundle's folder; else bundles/<project>.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse where a table is not as it is declared.")
    ] = False,
    output: Format = "table",
) -> int:
    """Bring everything up to date: run the bundle's job here."""
    from lakehouse.run.job.commands import run_job

    last = day(until)
    folder = bundle or invocation.bundle
    _set_environment(invocation, {"stream.strict": "true"} if strict else {})
    return run_job(
        folder,
        job,
        target=invocation.target,
        only=task_names(only or ()),
        params={"until": last} if last else {},
        variables={},
        max_parallel=2,
        data=invocation.settings.data_folder,
        output=output,
        verbose=invocation.verbose,
    )


def stream(
    invocation: Invocation,
    seconds: Annotated[
        int | None, typer.Option(min=0, help="End by itself after so long; else until Ctrl-C.")
    ] = None,
) -> None:
    """Keep all tables up to date, each as soon as what it reads has changed, until Ctrl-C."""
    from lakehouse.jobs import stream as job

    job.main(invocation.job_arguments(seconds=None if seconds is None else str(seconds)))


def replay(
    invocation: Invocation,
    until: Until = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="files|kafka", help="Whereto; else as kafka.topics says."),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(min=0, help="How many times as fast as it was; else as fast as it can."),
    ] = None,
) -> None:
    """Land or send the recorded source up to a day: what has not arrived yet."""
    from lakehouse.jobs import replay as job
    from lakehouse.terminal.display import showing

    last = day(until)
    with showing(), sigterm_as_interrupt():
        more = {"to": to, "speed": None if speed is None else str(speed)}
        given = {name: value for name, value in more.items() if value}
        job.main(invocation.job_arguments(until=last, **given))


def maintain(invocation: Invocation) -> None:
    """Join small files and remove old ones; what models were trained on is kept."""
    from lakehouse.jobs import maintain as job
    from lakehouse.terminal.display import showing

    with showing():
        job.main(invocation.job_arguments())


def train(
    invocation: Invocation,
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
    invocation.index.model(model)
    from lakehouse.jobs import train as job
    from lakehouse.terminal.display import showing

    numbers = {"trials": trials, "at": at}
    options = {name: str(number) for name, number in numbers.items() if number is not None}
    with showing():
        job.main(invocation.job_arguments(model=model, **options))
    from lakehouse.terminal.output import write
    from lakehouse.terminal.summary import metrics

    section = metrics(invocation.settings, model)
    if section is not None:
        write(section.rows, output)


def score(invocation: Invocation, model: ModelName) -> None:
    """Score the newest data with a model's champion; rows are only ever added."""
    scores = invocation.index.model(model).scores
    from lakehouse.jobs import score as job
    from lakehouse.terminal.display import showing

    with showing():
        job.main(invocation.job_arguments(model=model))
    say(f"look at them: lakehouse show {scores}")


def summary(invocation: Invocation) -> None:
    """Say what the lake holds now, and how good the models are."""
    from lakehouse.jobs.summary import main

    main(invocation.job_arguments())


def _set_environment(invocation: Invocation, more: Mapping[str, str]) -> None:
    """Hand the settings of this call to the job's tasks, which read them from the environment."""
    _ = invocation.settings  # an unknown one is an error now, not in the first task
    if invocation.conf:
        os.environ["LAKEHOUSE_CONF"] = str(invocation.conf.resolve())
    for key, value in {**invocation.overrides, **more}.items():
        os.environ[variable(key)] = value
