"""Jars that are missing or made for another Spark, from what Java says."""

from __future__ import annotations

import re

from lakehouse.base.errors import LakehouseError

_MISMATCH = re.compile(
    r"\b(NoSuchMethodError|NoSuchFieldError|NoClassDefFoundError|AbstractMethodError|"
    r"IncompatibleClassChangeError|UnsupportedClassVersionError|InvalidClassException)"
    r"[):]+ *'?([^'\n]+)"
)
_MISSING = re.compile(
    r"ClassNotFoundException: ((?:io\.delta|org\.apache\.spark\.sql\.delta)\.\S+)"
)


def jar_fault(text: str) -> LakehouseError | None:
    """What the jars lack; None where the text does not say that."""
    if missing := _MISSING.search(text):
        what = f"Delta's jars are not there: no class {missing[1]}"
    elif mismatch := _MISMATCH.search(text):
        what = f"the jars are not all made for this Spark: {mismatch[1]}, {mismatch[2]}"
    else:
        return None
    return LakehouseError(
        what,
        "Spark's class path",
        "have those of `lakehouse setup`, or of the server's or cluster's own Spark",
    )
