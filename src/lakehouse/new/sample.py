"""A file as those that will arrive: what a project is told by it."""

from __future__ import annotations

import codecs
import csv
import json
from dataclasses import dataclass
from pathlib import Path

from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.declare.source import Format
from lakehouse.new.plan import Plan, column

LOOKED_AT = 64 * 1024
"""Bytes of a file of text that are looked at."""

KINDS: dict[str, Format] = {
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), "json"),
    **dict.fromkeys((".csv", ".tsv", ".txt"), "csv"),
    ".parquet": "parquet",
}
"""What the ending of a file says of it."""


@dataclass(frozen=True)
class Sample:
    """The names of a file's fields, in order, and the plan that they suggest."""

    path: Path
    names: tuple[str, ...]
    plan: Plan

    def check(self, plan: Plan) -> None:
        """Raise LakehouseError where a plan names a field that the file does not have."""
        for name in (plan.key, plan.time, plan.entity, *plan.others):
            if name not in self.names:
                raise LakehouseError(
                    f"there is no field {name!r}", str(self.path), did_you_mean(name, self.names)
                )


def sampled(path: Path) -> Sample:
    """What a file says of its kind. Raises LakehouseError for one that cannot be read."""
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise LakehouseError(
            "its ending does not say of which kind it is",
            str(path),
            f"name a file that ends in one of {', '.join(KINDS)}",
        )
    delimiter, encoding = ",", ""
    try:
        if kind == "parquet":
            import pyarrow.parquet as pq

            names = tuple(pq.read_schema(path).names)
        else:
            text, encoding = _text(path)
            if kind == "json":
                record = json.loads(text.splitlines()[0])
                if not isinstance(record, dict):
                    raise ValueError("its first line is no object")
                names = tuple(record)
            else:
                delimiter = csv.Sniffer().sniff(text.splitlines()[0], ",;\t|").delimiter
                names = tuple(next(csv.reader(text.splitlines(), delimiter=delimiter)))
    except (OSError, ValueError, csv.Error, IndexError) as error:
        raise LakehouseError(f"no record can be read of it: {error}", str(path)) from None
    if len(names) < 3:
        raise LakehouseError(
            f"it has {len(names)} fields, and a project needs one that tells records apart, one "
            "that says when, and one that says who",
            str(path),
        )
    likely = _likely(names)
    source = column(path.stem.split(".")[0])
    plan = Plan(source, kind, *likely, order=names, delimiter=delimiter, encoding=encoding)
    return Sample(path, names, plan)


def _text(path: Path) -> tuple[str, str]:
    """The beginning of a file in UTF-8, else as Windows writes it; and the encoding, if it is one
    that has to be declared."""
    with path.open("rb") as file:
        raw = file.read(LOOKED_AT)
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(raw), ""
    except UnicodeDecodeError:
        return raw.decode("windows-1252", errors="replace"), "windows-1252"


def _likely(names: tuple[str, ...]) -> tuple[str, str, str]:
    """The fields that most likely are key, time and entity: by their names, else the first ones."""
    wanted = (("id", "number", "no", "key"), ("time", "date", "at", "timestamp"),
              ("customer", "user", "client", "household", "account"))  # fmt: skip
    found: list[str] = []
    for words in (wanted[2], wanted[1], wanted[0]):
        free = [name for name in names if name not in found]
        near = [name for name in free if set(words) & set(column(name).split("_"))]
        found.append((near or free)[0])
    entity, time, key = found
    return key, time, entity
