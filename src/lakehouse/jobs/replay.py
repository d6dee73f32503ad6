"""Lands or sends the recordings up to a day. Example: lakehouse-replay --until=2017-03-31."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from lakehouse.base import progress
from lakehouse.base.errors import LakehouseError, did_you_mean
from lakehouse.declare.replay import Replay
from lakehouse.jobs.arguments import Job, parse

WAYS = ("files", "kafka")


def main(argv: Sequence[str] | None = None) -> None:
    """Lands and sends what was not yet: to topics the records of those sources that
    `kafka.topics` names, with `--to=files` none. `--speed=3600` replays an hour in a second; else
    it goes as fast as it can. Needs no Spark.
    """
    job = parse(argv, "to", "speed")
    recorded = _recorded(job.settings.project)
    topics, speed = _topics(job), _speed(job)
    with progress.step("landing") as facts:
        facts["detail"] = _replayed(job, recorded, topics, speed)


def _replayed(job: Job, recorded: Replay, topics: Mapping[str, str], speed: float) -> str:
    from lakehouse.ingest.landing import land
    from lakehouse.ingest.replaying import Pace, replay
    from lakehouse.ingest.topics import TopicWriter

    deliveries, landing = recorded(job.settings.replay.until), Path(job.settings.landing)
    if not topics and not speed:
        return _told(land(deliveries, landing), "file", "no new file")
    sources = {source.name: source for source in job.project.sources()} if topics else {}
    name = f"lakehouse-replay-{job.settings.project}"
    writing = TopicWriter(job.settings.kafka, name, [*topics.values()]) if topics else None
    with writing or nullcontext():
        files, sent = replay(deliveries, landing, sources, topics, writing, Pace(speed))
    parts = [_told(files, "file", ""), _told(sent, "message", "")]
    return "; ".join(filter(None, parts)) or "no new file or message"


def _told(counts: Mapping[str, int], what: str, nothing: str) -> str:
    each = ", ".join(f"{number:,} {source}" for source, number in counts.items())
    total = sum(counts.values())
    return f"{total:,} {what}{'' if total == 1 else 's'}: {each}" if each else nothing


def _recorded(project: str) -> Replay:
    name = f"{project}.replay"
    try:
        recorded: Replay = importlib.import_module(name).REPLAY
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise LakehouseError(
            "has no recorded source to replay",
            f"project {project}",
            f"add a module {name} with a REPLAY",
        ) from None
    return recorded


def _topics(job: Job) -> Mapping[str, str]:
    """The topics by source that are sent to."""
    way = job.arguments.to
    if way and way not in WAYS:
        raise LakehouseError(f"nothing is replayed to {way!r}", "--to", did_you_mean(way, WAYS))
    topics = job.settings.kafka.topics
    if way == "kafka" and not topics:
        raise LakehouseError(
            "no source has a topic", "kafka.topics", "name one: --set kafka.topics.SOURCE=TOPIC"
        )
    return {} if way == "files" else topics


def _speed(job: Job) -> float:
    """How many times as fast; 0 is as fast as it can."""
    written = job.arguments.speed or "0"
    try:
        speed = float(written)
    except ValueError:
        speed = -1
    if not 0 <= speed < float("inf"):
        raise LakehouseError(
            f"{written!r} is no speed", "--speed", "1 is as it was, 3600 an hour in a second"
        )
    return speed
