"""Commands from functions: with the options that all of them have, and one way to fail."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from lakehouse.base.pairs import pairs
from lakehouse.cli.exit import guarded
from lakehouse.cli.invocation import Invocation

Target = Annotated[
    str | None, typer.Option("--target", "-t", help="Whose settings: conf/<target>.yml.")
]
Conf = Annotated[
    Path | None, typer.Option("--conf", help="The folder of settings; else ./conf or above.")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, such as spark.heap=4g."),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", help="Show stack traces and Spark's own words.")
]
Action = TypeVar("Action", bound=Callable[..., int | None])


def common_options(
    target: Target = None, conf: Conf = None, set_: Set = None, verbose: Verbose = False
) -> None:
    """The options of every command; they may also stand before its name."""


_COMMON = [
    parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
    for parameter in inspect.signature(common_options, eval_str=True).parameters.values()
]
_CONTEXT = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)


def command(app: typer.Typer, name: str, example: str) -> Callable[[Action], Action]:
    """Make a function a command: it gets its Invocation first, then its own options."""

    def register(action: Action) -> Action:
        signature = inspect.signature(action, eval_str=True)
        own = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in list(signature.parameters.values())[1:]
        ]

        def run(context: typer.Context, **options: Any) -> None:
            common = {each.name: options.pop(each.name, None) for each in _COMMON}
            before = context.find_root().params  # those that stand before the command's name
            verbose = bool(common["verbose"] or before.get("verbose"))
            guarded(lambda: action(invocation_of(common, before), **options), verbose)

        parameters = [_CONTEXT, *own, *_COMMON]
        run.__doc__ = action.__doc__
        run.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=parameters, return_annotation=None
        )
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        app.command(name, epilog=f"Example: {example}")(run)
        return action

    return register


def invocation_of(options: Mapping[str, Any], before: Mapping[str, Any]) -> Invocation:
    """The invocation of these options, of which some may stand `before` the command's name.

    Raises LakehouseError for a setting that is not of the form name=value.
    """
    return Invocation(
        options.get("target") or before.get("target") or "local",
        options.get("conf") or before.get("conf"),
        pairs([*(before.get("set_") or []), *(options.get("set_") or [])], "--set"),
        bool(options.get("verbose") or before.get("verbose")),
    )
