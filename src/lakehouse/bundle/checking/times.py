"""The times at which jobs run: cron expressions, time zones, triggers."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator

from lakehouse.base.errors import did_you_mean
from lakehouse.bundle.checking.cron import cron_fault
from lakehouse.bundle.checking.walk import JobNode, jobs, text
from lakehouse.bundle.faults import Fault
from lakehouse.bundle.load import Bundle
from lakehouse.bundle.nodes import Node, dotted
from lakehouse.bundle.references import is_reference

_STARTS = ("schedule", "trigger", "triggers", "continuous")
_KINDS = ("periodic", "file_arrival", "table_update", "model", "sql_condition")
_STORAGE = ("/Volumes/", "s3://", "abfss://", "gs://")


def faults(bundle: Bundle) -> Iterator[Fault]:
    """Yield what is wrong with the times at which jobs run."""
    for job in jobs(bundle):
        starts = [key for key in _STARTS if job.node.get(key) is not None]
        if len(starts) > 1:
            message = f"the job has {' and '.join(starts)}: only one of them may start it"
            place = job.node.keys.get(starts[1], job.node.place)
            yield Fault("trigger", message, place, dotted((*job.path, starts[1])), "Keep one.")
        schedule = job.node.get("schedule")
        if schedule is not None:
            path = dotted((*job.path, "schedule"))
            yield from _cron(schedule.get("quartz_cron_expression"), path)
            yield from _zone(schedule.get("timezone_id"), path)
        yield from _trigger(job)


def _cron(node: Node | None, path: str) -> Iterator[Fault]:
    expression = text(node)
    if node is None or not expression or is_reference(expression):
        return
    fault = cron_fault(expression)
    if fault is not None:
        reason, hint = fault
        message = f"the cron expression {expression!r} is wrong: {reason}"
        yield Fault("cron", message, node.place, f"{path}.quartz_cron_expression", hint)


def _zone(node: Node | None, path: str) -> Iterator[Fault]:
    name = text(node)
    if node is None or not name or is_reference(name):
        return
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        if known:  # a machine without any time zones can check none
            hint = did_you_mean(name, known)
            message = f"there is no time zone {name!r}"
            yield Fault("time-zone", message, node.place, f"{path}.timezone_id", hint)


def _trigger(job: JobNode) -> Iterator[Fault]:
    trigger = job.node.get("trigger")
    if trigger is None or not trigger.is_mapping:
        return
    path = dotted((*job.path, "trigger"))
    kinds = [key for key in _KINDS if trigger.get(key) is not None]
    if len(kinds) != 1:
        reason = "has no kind" if not kinds else f"has several kinds: {', '.join(kinds)}"
        hint = f"Give it exactly one of {', '.join(_KINDS)}."
        yield Fault("trigger", f"the trigger {reason}", trigger.place, path, hint)
    arrival = trigger.get("file_arrival")
    url = arrival.get("url") if arrival is not None else None
    address = text(url)
    if url is None or not address:
        return
    where = f"{path}.file_arrival.url"
    if not address.endswith("/"):
        message = f"the URL {address!r} must end with a slash"
        yield Fault("trigger", message, url.place, where, f"Did you mean {address + '/'!r}?")
    if not address.startswith(_STORAGE) and not is_reference(address):
        message = f"{address!r} is neither a volume nor an external location"
        yield Fault("trigger", message, url.place, where, "Write /Volumes/catalog/schema/volume/.")
