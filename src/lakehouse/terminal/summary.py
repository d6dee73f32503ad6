"""What a run leaves behind, for a person: rows, broken rules, how good the models are.

Sections are titled rows. The engine makes those that any project has; a project adds its own in a
module `<project>.summary` with a `SUMMARY`: a tuple of `Part`s. What is not there yet is left out.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import Settings
from lakehouse.terminal.rows import Rows
from lakehouse.terminal.table import table_lines
from lakehouse.terminal.units import size

if TYPE_CHECKING:
    from lakehouse.declare.summary import Part
    from lakehouse.declare.table import Table
    from lakehouse.lake import Lake
    from lakehouse.lake.glance import Glance
from lakehouse.lake.account import COUNTS, INFLOW, OUTFLOW, RARE, spoken
from lakehouse.lake.totals import totals

DRIVERS = 10
"""What a batch counts: the first is the sum of the others."""

NO_ROWS = Rows((), ())


@dataclass(frozen=True)
class Section:
    """Rows under a title, and a note about them; or commands, to be typed as they stand."""

    title: str
    rows: Rows = NO_ROWS
    note: str = ""
    commands: tuple[str, ...] = ()


def tables(glance: Glance, names: Iterable[str]) -> Section | None:
    """Rows by table, as the statistics of its newest version count them."""
    facts = [(name, glance.facts(name)) for name in names if glance.exists(name)]
    if not facts:
        return None
    rows = Rows(
        ("table", "rows", "version", "size"),
        [(name, each.rows, each.version, each.size) for name, each in facts],
        {"rows": "{:,}".format, "size": size},
        ("version",),
    )
    return Section("Rows by table", rows)


def broken_rules(glance: Glance) -> Section | None:
    """Broken rules by table, from the counts of all batches, and whether these add up."""
    tables = totals(glance)
    if not tables:
        return None
    total = {count: sum(table.counts[count] for table in tables) for count in COUNTS}
    came, went = (
        " + ".join(
            f"{total[count]:,} {spoken(count)}"
            for count in counts
            if total[count] or count not in RARE
        )
        for counts in (INFLOW, OUTFLOW)
    )
    adds_up = sum(total[count] for count in INFLOW) == sum(total[count] for count in OUTFLOW)
    note = f"{came} {'=' if adds_up else 'IS NOT'} {went}"
    by_rule = [(t.table, count, rule) for t in tables for rule, count in t.rules.items()]
    by_count = sorted(by_rule, key=lambda row: (-row[1], row[0], row[2]))
    rows = Rows(("table", "rows", "broken rule"), by_count, {"rows": "{:,}".format})
    return Section("Rows that break a rule", rows, note)


def late_tables(glance: Glance, tables: Iterable[Table]) -> Section | None:
    """Tables whose rows are not all as they are declared, and why; None where there is none."""
    from lakehouse.declare.definition import role
    from lakehouse.lake.builds import histories_of

    known = histories_of(glance)
    rows: list[tuple[str, str]] = []
    for table in tables:
        history = known.get(table.name)
        if history is None or history.base is None:
            continue
        digest = history.base.definition.digest
        if any(each.definition.digest != digest for each in history.undecided):
            rows.append((table.name, "rows of another definition were added, undecided"))
        rows += [
            (table.name, f"{read.name} {known[read.name].since(made_of)}")
            for read in table.reads
            if role(table, read) in ("appended", "beside")
            and read.name in known
            and (made_of := history.base.reads.get(read.name, 1)) != known[read.name].edition
        ]
    if not rows:
        return None
    note = "lakehouse plan says what to do about them"
    return Section("NOT AS DECLARED", Rows(("table", "why"), rows), note)


def metrics(settings: Settings, model: str) -> Section | None:
    """A model's champion beside the other candidates and its baselines; None before training."""
    tracking = _tracking(settings)
    champion = tracking.champion(model) if tracking else None
    if tracking is None or champion is None:
        return None
    own_name = f"{champion.tags.get('candidate', 'champion')} *"
    by_name: dict[str, dict[str, float]] = {own_name: {}}
    for candidate, values in _candidates(tracking, model).items():
        if f"{candidate} *" != own_name:
            by_name[candidate] = values
    for key, value in sorted(tracking.metrics(champion.run).items()):
        if key.startswith("baseline."):
            baseline, _, metric = key.removeprefix("baseline.").rpartition(".")
            by_name.setdefault(baseline, {})[metric] = value
        else:
            by_name[own_name][key] = value
    names = sorted({metric for each in by_name.values() for metric in each})
    rows = Rows(
        (f"version {champion.version}", *names),
        [(who, *(each.get(name) for name in names)) for who, each in by_name.items()],
        dict.fromkeys(names, "{:.4f}".format),
    )
    return Section(
        f"How good {model} is", rows, "* the champion; then other candidates and baselines"
    )


def drivers(settings: Settings, model: str) -> Section | None:
    """What a model's champion leans on, strongest first; None where it does not say."""
    tracking = _tracking(settings)
    champion = tracking.champion(model) if tracking else None
    if champion is None:
        return None
    import mlflow

    try:
        text = mlflow.artifacts.load_text(f"runs:/{champion.run}/drivers.json")
    except (mlflow.exceptions.MlflowException, OSError):
        return None
    weights = [(name, float(weight)) for name, weight in json.loads(text)[:DRIVERS]]
    if not weights:
        return None
    rows = Rows(("feature", "weight"), weights, {"weight": "{:+.3f}".format})
    return Section(f"What {model} leans on", rows)


def parts(project: str, glance: Glance, lake: Callable[[], Lake]) -> Iterator[Section]:
    """The project's own sections, those whose tables are filled."""
    name = f"{project}.summary"
    try:
        summary: Sequence[Part] = importlib.import_module(name).SUMMARY
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return
    for part in summary:
        if not all(glance.exists(table.name) for table in part.reads):
            continue
        frame = part.make(*(lake().read(table.name) for table in part.reads))
        values = [tuple(row) for row in frame.collect()]
        if values:
            yield Section(part.title, Rows(tuple(frame.columns), values))


def commands(glance: Glance, project: str, scores: Iterable[str], target: str) -> list[str]:
    """What to type to look further, by what there is to look at."""
    filled = [name for name in scores if glance.exists(name)]
    option = "" if target == "local" else f" --target {target}"
    lines = [f"lakehouse tables{' list' if option else ''}{option}"]
    lines += [f"lakehouse show {name}{option}" for name in filled]
    if glance.exists("ops.quarantine"):
        lines.append(f"lakehouse show ops.quarantine --limit 3{option}")
    if filled:
        lines.append(f'lakehouse sql "SELECT * FROM {filled[0]} LIMIT 5" --output json{option}')
        lines.append(f"lakehouse tables lineage {filled[0]}{option}")
    return [*lines, f"lakehouse bundle runs bundles/{project}{option}", "make ui"]


def render(section: Section, width: int) -> str:
    """A section as text: title, table, note, commands."""
    title = wrap(section.title, width)
    lines = [*title, "=" * max(map(len, title))]
    if section.rows.columns and section.rows.values:
        lines += table_lines(replace(section.rows, null="-"), width)
    lines += wrap(section.note, width) if section.note else []
    lines += section.commands
    return "\n".join(lines)


def _tracking(settings: Settings) -> Any:
    """MLflow as the settings name it; None where nothing was tracked there yet."""
    uri = settings.mlflow.tracking_uri
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).is_file():
        return None
    from lakehouse.learn.tracking import Tracking

    try:
        return Tracking(settings)
    except LakehouseError:
        return None


def _candidates(tracking: Any, model: str) -> dict[str, dict[str, float]]:
    """The metrics of the newest run of each candidate, without the baselines."""
    runs = tracking.client.search_runs(
        [tracking.experiment(model)], "tags.candidate != ''", order_by=["start_time DESC"]
    )
    newest: dict[str, dict[str, float]] = {}
    for run in runs:
        values = {k: v for k, v in run.data.metrics.items() if not k.startswith("baseline.")}
        if values and run.info.status == "FINISHED":
            newest.setdefault(run.data.tags["candidate"], values)
    return newest
