"""What differs between two definitions of a table, in words, and what each change asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lakehouse.declare.definition import Definition
from lakehouse.declare.encoding import UTF_8

Needs = Literal["decision", "rebuild"]
"""`decision`: the table can go on, and its rows so far are of the definition before; `rebuild`: it
cannot go on as it is."""

LISTED = 3
"""The most changed functions that are named."""


@dataclass(frozen=True)
class Change:
    """One difference between two definitions: its part, a few words, and what it asks for."""

    part: str
    what: str
    needs: Needs = "decision"


def changes(before: Definition, now: Definition) -> list[Change]:
    """What of a table's definition is another one now; none where the digests are equal."""
    found: list[Change] = []
    for part in sorted({*before.parts, *now.parts}):
        if before.parts.get(part) == now.parts.get(part):
            continue
        old, new = before.part(part), now.part(part)
        match part:
            case "schema":
                found += _of_columns(old or {}, new or {})
            case "rules":
                found += _of_rules(before, now)
            case "code":
                found += _of_code(old or {}, new or {})
            case "reads":
                found += _of_reads(old or [], new or [])
            case "write":
                found.append(
                    Change(part, f"was {_write(old)}, is {_write(new)}", _rewrite(old, new))
                )
            case "source":
                found += _of_source(old or {}, new or {})
            case "engine":
                found.append(Change(part, "this version of lakehouse makes other rows of it"))
            case _:
                found.append(Change(part, f"{part} was {_text(old)}, is {_text(new)}"))
    return found


def _of_columns(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in (name for name in new if name not in old):
        yield Change("schema", f"column {name!r} is new")
    for name in (name for name in old if name not in new):
        yield Change("schema", f"column {name!r} is gone")
    for name in (name for name in new if old.get(name, new[name]) != new[name]):
        yield Change("schema", f"column {name!r} was {old[name]}, is {new[name]}", "rebuild")


def _of_rules(before: Definition, now: Definition) -> Iterator[Change]:
    old, new = before.part("rules") or {}, now.part("rules") or {}
    added = {now.rule_names.get(each, each) for each in new if each not in old}
    gone = {before.rule_names.get(each, each) for each in old if each not in new}
    for name in sorted(added & gone):
        yield Change("rules", f"rule {name!r} is another condition now")
    for name in sorted(added - gone):
        yield Change("rules", f"rule {name!r} is new")
    for name in sorted(gone - added):
        yield Change("rules", f"rule {name!r} is gone")
    for each in (each for each in new if old.get(each, new[each]) != new[each]):
        name = now.rule_names.get(each, each)
        yield Change("rules", f"rule {name!r} was {old[each]!r}, is {new[each]!r}")


def _of_code(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    if names:
        more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
        yield Change("code", f"code: {', '.join(names[:LISTED])}{more}")


def _of_reads(old: list[list[str]], new: list[list[str]]) -> Iterator[Change]:
    followed_old = [each for each in old if each[1] != "beside"]
    followed_new = [each for each in new if each[1] != "beside"]
    needs: Needs = "decision" if followed_old == followed_new else "rebuild"
    yield Change("reads", f"read {_reads(old)}, reads {_reads(new)}", needs)


def _of_source(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Another encoding makes other text of the same files, and other records broken; another
    delimiter makes other cells."""
    was, now = old.get("encoding", UTF_8), new.get("encoding", UTF_8)
    if was != now:
        yield Change("source", f"source encoding was {was}, is {now}", "rebuild")
    if "csv" in old and "csv" in new:
        signs = {name: (old["csv"].get(name), new["csv"][name]) for name in new["csv"]}
        for name in (name for name, (before, after) in signs.items() if before != after):
            what = f"source csv {name} was {signs[name][0]!r}, is {signs[name][1]!r}"
            yield Change("source", what, "rebuild")
        old, new = ({k: v for k, v in each.items() if k != "csv"} for each in (old, new))
    old, new = ({k: v for k, v in each.items() if k != "encoding"} for each in (old, new))
    if old != new:
        yield Change("source", f"source was {_text(old)}, is {_text(new)}")


GOES_ON = {"Rebuild": ("partition",), "History": ("keys", "sequence_by", "snapshots")}
"""What of a way of writing must be as it was for its table to go on."""


def _rewrite(old: Any, new: Any) -> Needs:
    """A table may go on where only the reach of its partitions is another one, or the column that
    tells of deletes: its rows so far are what they were made of."""
    if not old or not new or old["way"] != new["way"] or old["way"] not in GOES_ON:
        return "rebuild"
    is_same = all(old[name] == new[name] for name in GOES_ON[old["way"]])
    return "decision" if is_same else "rebuild"


def _write(write: Mapping[str, Any] | None) -> str:
    if not write:
        return "nothing"
    options = (f"{name}={_text(value)}" for name, value in write.items() if name != "way")
    return f"{write['way']}({', '.join(options)})"


def _reads(reads: list[list[str]]) -> str:
    return ", ".join(f"{name} ({role})" for name, role in reads) or "nothing"


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(map(str, value))
    return "nothing" if value in (None, "") else str(value)
