"""What is wrong with a bundle: one fault, and the error that holds many of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from lakehouse.base.errors import LakehouseError
from lakehouse.bundle.nodes import Place

Severity = Literal["error", "warning"]
Official = Literal["error", "warning", "none"]

# What `databricks bundle validate` makes of a fault, by its code. What is not listed it passes:
# such a bundle fails later, when it is deployed or run.
_OFFICIAL: dict[str, Official] = {
    **dict.fromkeys(
        ("yaml", "yaml-anchor", "yaml-merge", "yaml-key", "include", "missing-file", "above-root",
         "doubled-definition", "undeclared-variable", "unset-variable", "variable-type",
         "reference", "reference-cycle", "missing-notebook", "not-a-notebook", "notebook",
         "development", "production", "run-as", "workspace-path", "reserved-key", "exclusive-keys",
         "empty"),
        "error",
    ),
    **dict.fromkeys(
        ("unknown-key", "missing-key", "wrong-type", "wrong-value", "nested-include",
         "undefined-job-cluster-key", "unmatched-pattern"),
        "warning",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: a short `code`, a sentence and the place in a file.

    `path` is the dotted path inside the resolved configuration; `hint` says what to do;
    `targets` names the targets that have the fault, and is empty where all of them have it.
    `verdict` is what the official CLI makes of it, where that is not the usual for its code.
    """

    code: str
    message: str
    place: Place
    path: str = ""
    hint: str = ""
    severity: Severity = "error"
    targets: tuple[str, ...] = ()
    verdict: Official | None = None

    @property
    def official(self) -> Official:
        """Return what the official CLI's own `validate` makes of it: an error, a warning, none."""
        return self.verdict or _OFFICIAL.get(self.code, "none")

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
