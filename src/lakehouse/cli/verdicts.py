"""What the command `validate` does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lakehouse.bundle.faults import errors, ordered
from lakehouse.bundle.load import load
from lakehouse.bundle.validate import validate
from lakehouse.ship.remote import as_json, verdict
from lakehouse.terminal.show import say


def tell_faults(
    folder: Path,
    target: str | None,
    variables: Mapping[str, str],
    strict: bool,
    with_databricks: bool,
    output: str,
) -> int:
    """Print every fault of a bundle; return 1 if there is an error, or (strict) any at all."""
    faults = validate(folder, target, variables)
    if with_databricks:
        faults = ordered([*faults, *verdict(load(folder, target, variables), variables)])
    if output == "json":
        print(as_json(faults))
    else:
        for each in faults:
            print(each)
    wrong = len(errors(faults))
    mild = len(faults) - wrong
    said = [f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in
            ((wrong, "error"), (mild, "warning")) if number]  # fmt: skip
    say(f"{folder}: {' and '.join(said) or 'no fault'}")
    return int(bool(wrong or (strict and mild)))
