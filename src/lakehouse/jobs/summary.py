"""Says what the lake holds now, and how good the models are. Example: lakehouse-summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lakehouse.base.setting_names import ENVIRONMENT
from lakehouse.base.settings import load
from lakehouse.jobs.arguments import Job, parse
from lakehouse.lake.glance import glance
from lakehouse.lake.ops import TABLES
from lakehouse.terminal import summary
from lakehouse.terminal.screen import width_of

WIDEST = 100


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the sections one after the other; reads few rows, changes nothing."""
    job = parse(argv)
    width = min(width_of(), WIDEST)
    for section in sections(job):
        print(summary.render(section, width), end="\n\n", flush=True)


def sections(job: Job) -> Iterator[summary.Section]:
    """The sections of the summary; those whose tables or models are not there are left out."""
    look = glance(job.settings, lambda: job.lake)
    scores = [model.scores.name for model in job.project.models]
    refreshed = [table.name for table in job.project.tables if table.name not in scores]
    names = [*refreshed, *scores, *(table.name for table in TABLES)]
    if not any(look.exists(name) for name in names):
        yield summary.Section("Nothing is here yet", commands=("lakehouse run",))
        return
    late = summary.late_tables(look, job.project.tables)
    all_sections = [late, summary.tables(look, names), summary.broken_rules(look)]
    for model in job.project.models:
        all_sections.append(summary.metrics(job.settings, model.name))
        all_sections.append(summary.drivers(job.settings, model.name))
    yield from filter(None, all_sections)
    yield from summary.parts(job.settings.project, look, lambda: job.lake)
    target = job.arguments.target or "local"
    commands = summary.commands(look, job.settings.project, scores, target)
    if job.settings.project != load(target, conf=job.arguments.conf or None).project:
        commands.insert(0, f"export {ENVIRONMENT}PROJECT={job.settings.project}")
    yield summary.Section("To look further", commands=tuple(commands))
