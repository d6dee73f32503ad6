"""What is wrong with a bundle: one fault, and the error that holds many of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.nodes import Place

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: a short `code`, a sentence and the place in a file.

    `path` is the dotted path inside the resolved configuration; `hint` says what to do;
    `targets` names the targets that have the fault, and is empty where all of them have it.
    """

    code: str
    message: str
    place: Place
    path: str = ""
    hint: str = ""
    severity: Severity = "error"
    targets: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the line a person reads, in the form that editors can follow."""
        if self.targets:
            message = f"{self.message} (in {', '.join(self.targets)})"
            return str(replace(self, message=message, targets=()))
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.place}: {self.severity}: {self.message}.{hint} [{self.code}]"


def ordered(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return the faults without repetitions, by file, line and column."""
    unique = dict.fromkeys(faults)
    return tuple(
        sorted(
            unique,
            key=lambda fault: (fault.place.file, fault.place.line, fault.place.column, fault.code),
        )
    )


def errors(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return the faults that make the bundle unusable."""
    return tuple(fault for fault in faults if fault.severity == "error")


class BundleError(LakehouseError):
    """A bundle that cannot be used; `faults` holds every reason."""

    def __init__(self, where: str, faults: Iterable[Fault]) -> None:
        """Say all the faults in one text, a line each."""
        self.faults = ordered(faults)
        count = len(self.faults)
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        noun = "fault" if count == 1 else "faults"
        super().__init__(f"the bundle has {count} {noun}:\n{lines}", where)
