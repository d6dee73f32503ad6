"""What every command shares: its common options, the settings they lead to, how it fails."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from lakehouse.base.errors import LakehouseError
from lakehouse.base.failing import explained
from lakehouse.base.pairs import pairs
from lakehouse.base.settings import Settings, find_conf, load
from lakehouse.cli.declared import Declared, declared
from lakehouse.cli.leaving import INTERRUPTED, unread

if TYPE_CHECKING:
    from lakehouse.lake import Lake
    from lakehouse.lake.glance import Glance

JOB = "nightly"
"""The job of a bundle that a call means when it names none."""

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


@dataclass
class Asked:
    """The common options of one call, and what they lead to."""

    target: str = "local"
    conf: Path | None = None
    changes: Mapping[str, str] = field(default_factory=dict)
    verbose: bool = False

    @cached_property
    def settings(self) -> Settings:
        """The settings of the target, with the changes made on the command line."""
        return load(self.target, dict(self.changes), self.conf)

    @cached_property
    def declared(self) -> Declared:
        """The names the project declares."""
        return declared(self.settings)

    @cached_property
    def bundle(self) -> Path:
        """The folder of the project's bundle. Raises LakehouseError where there is none."""
        home = (self.conf or find_conf()).resolve().parent
        folder = home / "bundles" / self.settings.project
        if not (folder / "databricks.yml").is_file():
            raise LakehouseError("there is no bundle", str(folder), "name its folder with --bundle")
        return folder

    @cached_property
    def lake(self) -> Lake:
        """The lake, through a Spark session that is started now."""
        from lakehouse.cli.waiting import waiting
        from lakehouse.lake.opening import opened

        with waiting("starting Spark"):
            log = f"spark-{self.settings.project}"
            return opened(self.settings, log=log, verbose=self.verbose, quick=True)

    @cached_property
    def glance(self) -> Glance:
        """The quickest way to look at the lake: its logs, where it lies in local folders."""
        from lakehouse.lake.glance import glance

        return glance(self.settings, lambda: self.lake)

    def argv(self, **named: str | None) -> list[str]:
        """What a job's `main` is called with."""
        given = {"target": self.target, "conf": str(self.conf) if self.conf else None, **named}
        said = [f"--{name}={value}" for name, value in given.items() if value]
        return said + [f"--set={key}={value}" for key, value in self.changes.items()]


def say(text: str) -> None:
    """Tell the person something, where it does not get in the way of rows that are piped."""
    print(text, file=sys.stderr, flush=True)


_root: dict[str, Any] = {}
Action = TypeVar("Action", bound=Callable[..., int | None])


def for_all(
    target: Target = None, conf: Conf = None, set_: Set = None, verbose: Verbose = False
) -> None:
    """Keep the options that stand before the name of a command."""
    _root.clear()
    _root.update(target=target, conf=conf, set_=set_ or [], verbose=verbose)


COMMON = ("target", "conf", "set_", "verbose")
_SHARED = [
    parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
    for parameter in inspect.signature(for_all, eval_str=True).parameters.values()
]


def command(app: typer.Typer, name: str, example: str) -> Callable[[Action], Action]:
    """Make a function a command: it gets `Asked` first, and the common options are added to it."""

    def register(action: Action) -> Action:
        signature = inspect.signature(action, eval_str=True)
        own = [
            each.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for each in list(signature.parameters.values())[1:]
        ]

        def run(**given: Any) -> None:
            shared = {each: given.pop(each) for each in COMMON}
            asked = Asked(verbose=shared["verbose"] or _root.get("verbose", False))
            code = guarded(lambda: _act(action, asked, shared, given), asked.verbose)
            if code:
                raise typer.Exit(code)

        run.__doc__ = action.__doc__
        run.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*own, *_SHARED], return_annotation=None
        )
        run.__annotations__ = {each.name: each.annotation for each in (*own, *_SHARED)}
        app.command(name, epilog=f"Example: {example}")(run)
        return action

    return register


def _act(
    action: Callable[..., int | None],
    asked: Asked,
    shared: Mapping[str, Any],
    given: Mapping[str, Any],
) -> int | None:
    asked.target = shared["target"] or _root.get("target") or "local"
    asked.conf = shared["conf"] or _root.get("conf")
    asked.changes = pairs([*_root.get("set_", []), *(shared["set_"] or [])], "--set")
    return action(asked, **given)


def guarded(action: Callable[[], int | None], verbose: bool) -> int:
    """Do something; a failure is told in one message, with a stack trace only if `verbose`."""
    try:
        return action() or 0
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        return unread()
    except KeyboardInterrupt:
        say("stopped")
        return INTERRUPTED
    except LakehouseError as error:
        if verbose:
            traceback.print_exc()
        say(f"error: {error}")
    except Exception as error:
        if verbose:
            traceback.print_exc()
        say(f"error: {explained(error)}")
    return 1
