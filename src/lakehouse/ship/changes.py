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
    """One thing that becomes different: `add`, `change` or `remove` a job, task, module, file."""

    action: str
    kind: str
    name: str
    detail: str = ""


def changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[Change]:
    """Return what is different between two archives' files; empty where nothing is."""
    found = [*_jobs(_load(old.get(PROGRAM)), _load(new.get(PROGRAM)))]
    found += _compared("module", _modules(old), _modules(new))
    found += _compared("file", _plain(old), _plain(new))
    return found


def _compared(kind: str, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[Change]:
    found = [Change("add", kind, name) for name in sorted(set(new) - set(old))]
    found += [
        Change("change", kind, name)
        for name in sorted(set(new) & set(old))
        if old[name] != new[name]
    ]
    return found + [Change("remove", kind, name) for name in sorted(set(old) - set(new))]


def _plain(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files that are no wheel, job or manifest, without the folder they are in."""
    return {
        name.removeprefix("files/"): content
        for name, content in files.items()
        if name not in (MANIFEST, PROGRAM) and not name.startswith(("wheels/", "py-files/"))
    }


def _modules(files: Mapping[str, bytes]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name, content in files.items():
        if name.startswith("wheels/"):
            with zipfile.ZipFile(io.BytesIO(content)) as wheel:
                for each in wheel.namelist():
                    path = each.split(".dist-info/")
                    if len(path) == 1:
                        found[each] = wheel.read(each)
                    elif path[1] == "entry_points.txt":
                        found["entry points"] = wheel.read(each)
    return found


def _load(content: bytes | None) -> Mapping[str, Any]:
    jobs = json.loads(content)["jobs"] if content is not None else {}
    return jobs if isinstance(jobs, Mapping) else {}


def _jobs(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[Change]:
    for name in sorted(set(old) | set(new)):
        if name not in old:
            yield Change("add", "job", name)
        elif name not in new:
            yield Change("remove", "job", name)
        else:
            yield from _job(name, old[name] or {}, new[name] or {})


def _job(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[Change]:
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
