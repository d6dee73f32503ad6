"""What the command `validate` does."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from lakehouse.base.settings import find_conf
from lakehouse.bundle.faults import Fault, errors, ordered
from lakehouse.bundle.load import load
from lakehouse.bundle.nodes import Place
from lakehouse.bundle.validate import validate
from lakehouse.ship.databricks_cli import cli_faults
from lakehouse.terminal.messages import say
from lakehouse.terminal.output import Output, write
from lakehouse.terminal.rows import Rows
from lakehouse.terminal.units import counted


def print_faults(
    folder: Path,
    target: str | None,
    variables: Mapping[str, str],
    strict: bool,
    with_databricks: bool,
    with_tables: bool,
    output: Output,
) -> int:
    """Print every fault of a bundle; return 1 if there is an error, or (strict) any at all."""
    with _uncollected():
        faults = validate(folder, target, variables)
    if with_databricks:
        bundle = load(folder, target, variables)
        faults = ordered([*faults, *cli_faults(bundle, variables)])
    if with_tables:
        faults = ordered([*faults, *_of_declarations(folder)])
    if output == "table":  # a line each, in the form that editors can follow
        for fault in faults:
            print(fault)
    else:
        write(Rows.of([_record(fault) for fault in faults]), output)
    error_count = len(errors(faults))
    warning_count = len(faults) - error_count
    say(f"{folder}: {counted(error_count, warning_count)}")
    return int(bool(error_count or (strict and warning_count)))


def _of_declarations(folder: Path) -> Iterator[Fault]:
    """The faults of the tables and models of the project whose bundle this is; starts Spark."""
    from lakehouse.cli.check import declarations
    from lakehouse.cli.invocation import Invocation

    name = folder.resolve().name  # lies in bundles/<project>, else belongs to the usual project
    project = {"project": name} if name.isidentifier() and find_spec(name) else {}
    invocation = Invocation(conf=find_conf(folder), overrides=project)
    for fault in declarations(invocation).faults:
        message = f"{fault.subject}: {fault.message}"
        place = Place(fault.place.file, fault.place.line)
        yield Fault("declaration", message, place, hint=fault.hint, severity=fault.severity)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave the garbage collector out: a bundle is many small objects, of which none goes away.

    What is left of them when this command ends goes with its process, and need not be looked at.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def _record(fault: Fault) -> dict[str, object]:
    return {
        "severity": fault.severity,
        "official": fault.official,
        "code": fault.code,
        "message": fault.message,
        "hint": fault.hint,
        "file": fault.place.file,
        "line": fault.place.line,
        "column": fault.place.column,
        "path": fault.path,
        "targets": list(fault.targets),
    }
