"""Failures that nobody foresaw, in one sentence."""

from __future__ import annotations

import re
import sys

from lakehouse.base.errors import LakehouseError
from lakehouse.base.jar_faults import jar_fault
from lakehouse.base.s3_faults import s3_fault

LOCAL = ("pyspark", "delta", "hyperopt", "shap")
"""What the engine takes to run here, and does not bring to a platform that has its own."""


def explained(error: Exception) -> LakehouseError:
    """An unforeseen failure in one sentence, with what its type says."""
    if (fault := known_fault(str(error))) is not None:
        return fault
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if (cause := cause_in_java(error)) is not None:
        what = cause
    elif isinstance(error, ModuleNotFoundError) and error.name:
        what = f"{error.name!r} is not installed"
        if error.name.partition(".")[0] in LOCAL:
            return LakehouseError(what, "", "install the engine's wheel as lakehouse-*.whl[local]")
        return LakehouseError(what, "", f"install it into {sys.executable}")
    elif isinstance(error, OSError) and error.strerror:
        what = f"{error.strerror}{f': {error.filename}' if error.filename else ''}"
    else:
        what = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return LakehouseError(what, "", "call again with --verbose to see where")


def message_of(error: BaseException) -> str:
    """An error in one sentence, for a line of its own: no word about how to call again."""
    if isinstance(error, LakehouseError):
        return str(error)
    if isinstance(error, Exception):
        fault = known_fault(str(error))
        return str(fault) if fault else explained(error).what
    return type(error).__name__


def known_fault(text: str) -> LakehouseError | None:
    """What the text of an error that came through Java says, where it is one of the usual ones."""
    return s3_fault(text) or jar_fault(text)


def cause_in_java(error: Exception) -> str | None:
    """What went wrong first, where the failure came through Java; None where it did not."""
    if (fault := known_fault(str(error))) is not None:
        return ": ".join(filter(None, (fault.where, fault.what)))
    if type(error).__name__ != "Py4JJavaError":
        return None
    causes = re.findall(r"^(?:Caused by: |: )([\w.$]+): (.+)$", str(error), re.MULTILINE)
    return without_codes(causes[-1][1]) if causes else None


def without_codes(sentence: str) -> str:
    """Spark's own sentence, less the name of its condition and its SQL state."""
    bare = re.sub(r"^\[[A-Z0-9_.]+\]\s*", "", sentence.strip())
    return re.split(r"\s*SQLSTATE:", bare)[0].rstrip(" .;")
