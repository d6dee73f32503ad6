"""`lakehouse new`: a project of one's own, in a repository of its own."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.cli.command import command
from lakehouse.cli.invocation import Invocation
from lakehouse.terminal.messages import say

if TYPE_CHECKING:
    from lakehouse.new import Plan

Answer = str | None


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    command(app, "new", "lakehouse new orders --into ~/orders --key order_id")(new)


def new(
    invocation: Invocation,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What the package is called, such as orders.")
    ],
    into: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where it is written; else ./NAME.")
    ] = None,
    source: Annotated[
        Answer, typer.Option(metavar="NOUN", help="What arrives, such as events.")
    ] = None,
    kind: Annotated[Answer, typer.Option(help="How: json (lines), csv or parquet.")] = None,
    key: Annotated[Answer, typer.Option(metavar="FIELD", help="Tells records apart.")] = None,
    time: Annotated[Answer, typer.Option(metavar="FIELD", help="When it happened.")] = None,
    entity: Annotated[Answer, typer.Option(metavar="FIELD", help="Who did it.")] = None,
    ci: Annotated[
        Answer, typer.Option(help="Whose workflows: github (else), gitlab or azure.")
    ] = None,
    fields: Annotated[
        Answer, typer.Option(metavar="A,B,...", help="Its other fields, by their names.")
    ] = None,
    like: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file as they arrive: its fields.")
    ] = None,
) -> None:
    """Write a new project: a source, a table a layer, a model, bundle, tests, all that runs them.

    What is not said is asked for, where a person is there to answer.
    """
    from lakehouse.new import make
    from lakehouse.new.naming import check

    check(name)  # before anything is asked
    told = {"source": source, "kind": kind, "key": key, "time": time, "entity": entity, "ci": ci}
    plan = _plan({each: answer for each, answer in told.items() if answer}, fields, like)
    project = make(name, into or Path(name), plan)
    say(f"written into {project.home}: {len(project.paths)} files; README.md says what they are")
    say(
        f"{plan.source} arrive as {plan.kind} (key {plan.key}, time {plan.time}, entity "
        f"{plan.entity}); they are simulated until yours arrive"
    )
    for line in (f"cd {shlex.quote(str(project.home))}", "make run", "make test"):
        print(line)


QUESTIONS = {
    "source": "What arrives (a noun in the plural)?",
    "kind": "How: json (lines), csv or parquet?",
    "key": "Which field tells its records apart?",
    "time": "Which field says when it happened?",
    "entity": "Which field says who did it?",
}


def _plan(told: dict[str, str], others: str | None, like: Path | None) -> Plan:
    """The answers, told or asked for; what is neither is as the template has it."""
    from dataclasses import replace

    from lakehouse.new import Plan
    from lakehouse.new.sample import sampled

    sample = sampled(like) if like else None
    plan = sample.plan if sample else Plan()
    if sys.stdin.isatty():
        for each, question in QUESTIONS.items():
            if each not in told:
                told[each] = typer.prompt(question, default=getattr(plan, each), err=True)
    plan = replace(plan, **told)  # type: ignore[arg-type]
    used = {plan.key, plan.time, plan.entity}
    if others is not None:
        plan = replace(plan, others=tuple(each.strip() for each in others.split(",")))
    elif sample:
        plan = replace(plan, others=tuple(each for each in sample.names if each not in used))
    if sample:
        sample.check(plan)
    return plan
