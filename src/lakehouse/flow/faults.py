"""What is wrong with a declaration, and where: one fault, and the pages that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lakehouse.base.errors import LakehouseError
from lakehouse.base.failing import cause_in_java
from lakehouse.declare import project as projects
from lakehouse.declare.places import Place, Places
from lakehouse.declare.project import Project

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Fault:
    """What is wrong with a table or a model: a clause, what to do, and the line to mend.

    An error fails or goes wrong when rows arrive; a warning may, for some rows.
    """

    place: Place
    severity: Severity
    subject: str
    message: str
    todo: str = ""

    @property
    def hint(self) -> str:
        """What to do, as a sentence; empty where nothing is known."""
        return str(LakehouseError(self.todo[:1].upper() + self.todo[1:])) if self.todo else ""

    def __str__(self) -> str:
        """The line a person reads, in the form that editors follow."""
        told = LakehouseError(self.message, self.subject, self.todo)
        return f"{self.place}: {self.severity}: {told}"


def load(package: str) -> Project | Fault:
    """The project of a package, or why its pages cannot be read. Raises LakehouseError where there
    is no such package."""
    places = Places(package)
    try:
        return projects.load(package)
    except Exception as error:
        place = places.of_error(error.__cause__ or error)
        if isinstance(error, LakehouseError):
            if place is None and error.where.startswith("setting "):
                raise
            named = error.where if error.where.startswith(f"{package}.") else ""
            place = place or places.start(named)
            return Fault(place, "error", error.where, error.what, error.todo)
        return Fault(place or places.start(), "error", package, in_one_line(error))


def in_one_line(error: Exception) -> str:
    """An error that is not Spark's, with its type where that says what it is."""
    if (cause := cause_in_java(error)) is not None:
        return cause
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if isinstance(error, LakehouseError) or not lines:
        return lines[0] if lines else type(error).__name__
    return f"{type(error).__name__}: {lines[0]}"
