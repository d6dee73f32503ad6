"""The `{{...}}` references of a job, resolved when a task starts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from lakehouse.base.errors import LakehouseError, did_you_mean

_WORD = r"(?:[A-Za-z0-9_-]+|`[^`}]+`)"
REFERENCE = re.compile(rf"\{{\{{\s*({_WORD}(?:\.{_WORD}|\[[0-9]+\])*)\s*\}}\}}")
_STEP = re.compile(rf"{_WORD}|\[[0-9]+\]")
TIMES = ("iso_weekday", "is_weekday", "iso_date", "iso_datetime", "year", "month", "day", "hour",
         "minute", "second", "timestamp_ms")  # fmt: skip
JOB = ("id", "name", "run_id", "repair_count", "start_time", "parameters", "trigger")
TASK = ("name", "run_id", "execution_count", "notebook_path")
OTHER_TASK = ("run_id", "result_state", "error_code", "execution_count", "notebook_path", "values",
              "output")  # fmt: skip
ROOTS = ("job", "task", "tasks", "workspace", "input", "backfill")


def steps(reference: str) -> tuple[str, ...]:
    """Return the words of a reference, without back-ticks and brackets."""
    return tuple(step.strip("`[]") for step in _STEP.findall(reference))


@dataclass(frozen=True)
class Scope:
    """The values that the references of one task may name when it starts.

    `tasks` holds, by task key, what is known of tasks that ended: `result_state`, `values`,
    `output`, `run_id`, `execution_count`. Inside a loop, `item` is its current element.
    """

    job_id: str
    job_name: str
    run_id: str
    started: datetime
    parameters: Mapping[str, str]
    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    repair_count: int = 0
    task: Mapping[str, Any] = field(default_factory=dict)
    item: Any = None
    workspace: Mapping[str, Any] = field(default_factory=dict)

    def filled(self, value: Any) -> Any:
        """Return `value` with every reference inside it replaced by text."""
        if isinstance(value, str):
            return REFERENCE.sub(self._text, value)
        if isinstance(value, Mapping):
            return {key: self.filled(below) for key, below in value.items()}
        if isinstance(value, list | tuple):
            return [self.filled(element) for element in value]
        return value

    def _text(self, match: re.Match[str]) -> str:
        words = steps(match[1])
        if words[0] not in ROOTS:
            return match[0]  # not one of our references: it stays as it is written
        value = self.value(words)
        return value if isinstance(value, str) else json.dumps(value, default=str)

    def value(self, words: tuple[str, ...]) -> Any:
        """Return the value of a reference; raise LakehouseError if it names nothing."""
        root, *rest = words
        if root == "job":
            return self._job(rest, words)
        if root == "task":
            return _fact(self.task, rest, words, TASK)
        if root == "tasks":
            return self._other_task(rest, words)
        if root == "workspace":
            return _fact(self.workspace, rest, words, ("id", "url"))
        if root == "input":
            return _inside(self.item, rest, words)
        raise _unknown(words, "", ROOTS)

    def _job(self, rest: list[str], words: tuple[str, ...]) -> Any:
        facts = {
            "id": self.job_id,
            "name": self.job_name,
            "run_id": self.run_id,
            "repair_count": str(self.repair_count),
        }
        name = rest[0] if rest else ""
        if name in facts and len(rest) == 1:
            return facts[name]
        if name == "parameters" and len(rest) == 2:
            if rest[1] in self.parameters:
                return self.parameters[rest[1]]
            raise _unknown(words, rest[1], self.parameters)
        if name == "start_time" and len(rest) == 2:
            return time_part(self.started, rest[1])
        if name == "trigger":
            if rest[1:] == ["type"]:
                return "one_time"
            if rest[1:2] == ["time"] and len(rest) == 3:
                return time_part(self.started, rest[2])
            return ""
        raise _unknown(words, name, JOB)

    def _other_task(self, rest: list[str], words: tuple[str, ...]) -> Any:
        if len(rest) < 2:
            raise _unknown(words, rest[0] if rest else "", self.tasks)
        key, name, *more = rest
        if key not in self.tasks:
            raise _unknown(words, key, self.tasks)
        facts = self.tasks[key]
        if name == "values" and more:
            values = facts.get("values") or {}
            if more[0] not in values:
                raise _unknown(words, more[0], values, f"task {key!r} set no such value")
            return _inside(values[more[0]], more[1:], words)
        if name == "output":
            return _inside(facts.get("output"), more, words)
        return _fact(facts, [name, *more], words, OTHER_TASK)


def _fact(
    facts: Mapping[str, Any], rest: list[str], words: tuple[str, ...], known: tuple[str, ...]
) -> str:
    if len(rest) != 1 or rest[0] not in known:
        raise _unknown(words, rest[0] if rest else "", known)
    return str(facts.get(rest[0], ""))


def time_part(moment: datetime, part: str) -> str:
    """Return the part of a moment, in UTC, that references call `part`."""
    at = moment.astimezone(timezone.utc)
    parts: dict[str, Any] = {
        "iso_weekday": at.isoweekday(),
        "is_weekday": str(at.isoweekday() <= 5).lower(),
        "iso_date": at.date().isoformat(),
        "iso_datetime": at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "year": at.year,
        "month": at.month,
        "day": at.day,
        "hour": at.hour,
        "minute": at.minute,
        "second": at.second,
        "timestamp_ms": int(at.timestamp() * 1000),
    }
    if part not in parts:
        raise _unknown(("job", "start_time", part), part, TIMES)
    return str(parts[part])


def _inside(value: Any, rest: list[str], words: tuple[str, ...]) -> Any:
    """Return what the keys and indexes `rest` lead to inside a value."""
    for step in rest:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            known = value if isinstance(value, Mapping) else ()
            raise _unknown(words, step, known)
    return value


def _unknown(words: tuple[str, ...], name: str, known: Any, why: str = "") -> LakehouseError:
    reference = "{{" + ".".join(words) + "}}"
    reason = why or f"{reference} names nothing that is known"
    return LakehouseError(reason, reference if why else "", did_you_mean(name, known))
