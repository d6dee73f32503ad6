"""What a deployment would change: files, modules of the wheel, jobs and their tasks."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.ship.contents import MANIFEST, PROGRAM


@dataclass(frozen=True)
class Change:
    """One change: the `action` (add, change, remove) on a job, task, module or file."""

    action: str
    kind: str
    name: str
    detail: str = ""


def changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[Change]:
    """Return what differs between the files of two archives; empty where nothing does."""
    return [
        *_job_changes(_jobs(old.get(PROGRAM)), _jobs(new.get(PROGRAM))),
        *_file_changes("module", _modules(old), _modules(new)),
        *_file_changes("file", _plain_files(old), _plain_files(new)),
    ]


def _file_changes(
    kind: str, old: Mapping[str, bytes], new: Mapping[str, bytes]
) -> Iterable[Change]:
    for name in sorted(set(new) - set(old)):
        yield Change("add", kind, name)
    for name in sorted(set(new) & set(old)):
        if old[name] != new[name]:
            yield Change("change", kind, name)
    for name in sorted(set(old) - set(new)):
        yield Change("remove", kind, name)


def _plain_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files other than wheels, jobs and manifest, without the folder they are in."""
    return {
        name.removeprefix("files/"): content
        for name, content in files.items()
        if name not in (MANIFEST, PROGRAM) and not name.startswith(("wheels/", "py-files/"))
    }


def _modules(files: Mapping[str, bytes]) -> dict[str, bytes]:
    modules: dict[str, bytes] = {}
    for name, content in files.items():
        if name.startswith("wheels/"):
            with zipfile.ZipFile(io.BytesIO(content)) as wheel:
                for each in wheel.namelist():
                    path = each.split(".dist-info/")
                    if len(path) == 1:
                        modules[each] = wheel.read(each)
                    elif path[1] == "entry_points.txt":
                        modules["entry points"] = wheel.read(each)
    return modules


def _jobs(content: bytes | None) -> Mapping[str, Any]:
    jobs = json.loads(content)["jobs"] if content is not None else {}
    return jobs if isinstance(jobs, Mapping) else {}


def _job_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[Change]:
    for name in sorted(set(old) | set(new)):
        if name not in old:
            yield Change("add", "job", name)
        elif name not in new:
            yield Change("remove", "job", name)
        else:
            yield from _task_changes(name, old[name] or {}, new[name] or {})


def _task_changes(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[Change]:
    keys = [key for key in sorted({*old, *new} - {"tasks"}) if old.get(key) != new.get(key)]
    if keys:
        yield Change("change", "job", name, ", ".join(keys))
    before = {each.get("task_key"): each for each in old.get("tasks") or ()}
    after = {each.get("task_key"): each for each in new.get("tasks") or ()}
    for key in dict.fromkeys([*after, *before]):
        task = f"{name}.{key}"
        if key not in before:
            yield Change("add", "task", task)
        elif key not in after:
            yield Change("remove", "task", task)
        elif before[key] != after[key]:
            both = {*before[key], *after[key]}
            parts = [each for each in sorted(both) if before[key].get(each) != after[key].get(each)]
            yield Change("change", "task", task, ", ".join(parts))
