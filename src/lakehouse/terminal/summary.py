"""What a run leaves behind, for a person: rows, what was set aside, how good the models are.

Sections are titled rows. The engine makes those that any project has; a project adds its own in a
module `<project>.summary` with a `SUMMARY`: a tuple of `Part`s. What is not there yet is left out.
"""

from __future__ import annotations

import importlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import Settings
from lakehouse.declare.summary import Part
from lakehouse.lake.glance import Glance
from lakehouse.terminal.rows import Rows, said
from lakehouse.terminal.text import GAP, NARROW_GAP, Columns, cells, columns_of, fit, size

if TYPE_CHECKING:
    from lakehouse.lake import Lake

DRIVERS = 10
COUNTS = ("landed", "kept", "quarantined", "duplicate", "dropped")


NO_ROWS = Rows((), ())


@dataclass(frozen=True)
class Section:
    """Rows under a title, and a word about them; or lines to be typed as they stand."""

    title: str
    rows: Rows = NO_ROWS
    note: str = ""
    lines: tuple[str, ...] = ()


def tables(glance: Glance, names: Iterable[str]) -> Section | None:
    """Rows by table, as the statistics of its newest version count them."""
    found = []
    for name in names:
        if glance.exists(name):
            facts = glance.facts(name)
            found.append((name, facts.rows, facts.version, size(facts.size)))
    if not found:
        return None
    shown = {"rows": "{:,}".format}
    rows = Rows(("table", "rows", "version", "size"), found, shown, ("version",))
    return Section("Rows by table", rows)


def set_aside(glance: Glance) -> Section | None:
    """Broken rules by table, from the accounts of all batches, with the sum of the accounts."""
    if not glance.exists("ops.batches"):
        return None
    held = glance.sample("ops.batches", None)
    rules: Counter[tuple[str, str]] = Counter()
    total: Counter[str] = Counter()
    for values in held.rows:
        batch = dict(zip(held.columns, values, strict=True))
        total.update({count: batch[count] for count in COUNTS})
        rules.update({(batch["table"], rule): n for rule, n in (batch["rules"] or {}).items()})
    parts = " + ".join(f"{total[count]:,} {count}" for count in COUNTS[1:])
    adds_up = total["landed"] == sum(total[count] for count in COUNTS[1:])
    note = f"{total['landed']:,} landed {'=' if adds_up else 'IS NOT'} {parts}"
    found = [(table, count, rule) for (table, rule), count in rules.most_common()]
    rows = Rows(("table", "rows", "broken rule"), found, {"rows": "{:,}".format})
    return Section("Set aside or dropped, by rule", rows, note)


def metrics(settings: Settings, model: str) -> Section | None:
    """A model's champion beside the other candidates and its baselines; None before training."""
    tracked = _tracking(settings)
    champion = tracked.champion(model) if tracked else None
    if tracked is None or champion is None:
        return None
    reached = tracked.metrics(champion.run)
    own = champion.tags.get("candidate", "champion")
    judged: dict[str, dict[str, float]] = {f"{own} *": {}}
    for name, metrics in _candidates(tracked, model).items():
        if name != own:
            judged[name] = metrics
    for key, value in sorted(reached.items()):
        if key.startswith("baseline."):
            baseline, _, metric = key.removeprefix("baseline.").rpartition(".")
            judged.setdefault(baseline, {})[metric] = value
        else:
            judged[f"{own} *"][key] = value
    names = sorted({metric for each in judged.values() for metric in each})
    found = [(who, *(each.get(name) for name in names)) for who, each in judged.items()]
    rows = Rows(
        (f"version {champion.version}", *names), found, dict.fromkeys(names, "{:.4f}".format)
    )
    return Section(
        f"How good {model} is", rows, "* the champion; below it other candidates, baselines"
    )


def drivers(settings: Settings, model: str) -> Section | None:
    """What a model's champion leans on, strongest first; None where it does not say."""
    tracked = _tracking(settings)
    champion = tracked.champion(model) if tracked else None
    if champion is None:
        return None
    import mlflow

    try:
        text = mlflow.artifacts.load_text(f"runs:/{champion.run}/drivers.json")
    except (mlflow.exceptions.MlflowException, OSError):
        return None
    found = [(name, float(weight)) for name, weight in json.loads(text)[:DRIVERS]]
    if not found:
        return None
    rows = Rows(("feature", "weight"), found, {"weight": "{:+.3f}".format})
    return Section(f"What {model} leans on", rows)


def parts(project: str, glance: Glance, lake: Callable[[], Lake]) -> Iterator[Section]:
    """The project's own sections, those whose tables are filled."""
    name = f"{project}.summary"
    try:
        declared: Sequence[Part] = importlib.import_module(name).SUMMARY
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return
    for part in declared:
        if not all(glance.exists(table.name) for table in part.reads):
            continue
        made = part.make(*(lake().read(table.name) for table in part.reads))
        found = [tuple(row) for row in made.collect()]
        if found:
            yield Section(part.title, Rows(tuple(made.columns), found))


def commands(glance: Glance, project: str, scores: Iterable[str], target: str) -> list[str]:
    """What to type to look further, by what there is to look at."""
    there = [name for name in scores if glance.exists(name)]
    at = "" if target == "local" else f" --target {target}"
    found = [f"lakehouse tables{' list' if at else ''}{at}"]
    found += [f"lakehouse show {name}{at}" for name in there]
    if glance.exists("ops.quarantine"):
        found.append(f"lakehouse show ops.quarantine --limit 3{at}")
    if there:
        found.append(f'lakehouse sql "SELECT * FROM {there[0]} LIMIT 5" --output json{at}')
        found.append(f"lakehouse tables lineage {there[0]}{at}")
    return [*found, f"lakehouse bundle runs bundles/{project}{at}", "make ui"]


def render(section: Section, width: int) -> str:
    """A section as text: title, table, note. What is long in the last column goes on below it."""
    title = wrap(section.title, width)
    lines = [*title, "=" * max(map(cells, title))]
    if section.rows.columns and section.rows.values:
        lines += _table(section.rows, width)
    lines += wrap(section.note, width) if section.note else []
    lines += section.lines
    return "\n".join(lines)


def _table(rows: Rows, width: int) -> list[str]:
    values = list(rows.values)
    texts = [
        [
            "-" if value is None else rows.shown.get(name, said)(value)
            for name, value in zip(rows.columns, row, strict=True)
        ]
        for row in values
    ]
    kept = fit(rows.columns, texts, width, rows.aside)
    at = [rows.columns.index(name) for name in kept]
    texts = [[row[each] for each in at] for row in texts]
    right = [
        name in rows.shown or _is_number(values, each) for name, each in zip(kept, at, strict=True)
    ]
    laid = _laid(kept, texts, right, width)
    if laid.width <= width:
        return [*laid.head(), *(laid.line(row) for row in texts)]
    if all(right[1:]):
        return _turned(kept, texts, width)
    return _wrapped(laid, texts, width)


def _laid(
    names: Sequence[str], texts: Sequence[Sequence[str]], right: Sequence[bool], width: int
) -> Columns:
    laid = columns_of(names, texts, right)
    return laid if laid.width <= width else replace(laid, gap=NARROW_GAP)


def _wrapped(laid: Columns, texts: Sequence[Sequence[str]], width: int) -> list[str]:
    """What is long in the last column goes on below it."""
    laid = replace(laid, gap=GAP)
    before = laid.width - laid.widths[-1]
    room = max(width - before, 20)
    laid = replace(laid, widths=(*laid.widths[:-1], room))
    lines = laid.head()
    for row in texts:
        first, *more = wrap(row[-1], room) or [""]
        lines.append(laid.line([*row[:-1], first]))
        lines += [" " * before + each for each in more]
    return lines


def _turned(columns: Sequence[str], texts: Sequence[Sequence[str]], width: int) -> list[str]:
    """Figures in too many columns: turned over if that fits, else each on a line of its own."""
    names = [columns[0], *(row[0] for row in texts)]
    turned = [[name, *(row[at] for row in texts)] for at, name in enumerate(columns) if at]
    laid = _laid(names, turned, [False] + [True] * len(texts), width)
    if laid.width <= width:
        return [*laid.head(), *(laid.line(row) for row in turned)]
    lines = []
    for row in texts:
        lines.append(row[0])
        for name, text in zip(columns[1:], row[1:], strict=True):
            if text != "-":
                lines.append(f"  {name}{text.rjust(max(width - 2 - cells(name), cells(text) + 1))}")
    return lines


def _is_number(values: Sequence[Sequence[Any]], at: int) -> bool:
    return all(isinstance(row[at], int | float) for row in values)


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


def _candidates(tracked: Any, model: str) -> dict[str, dict[str, float]]:
    """The metrics of the newest run of each candidate, without the baselines."""
    runs = tracked.client.search_runs(
        [tracked.experiment(model)], "tags.candidate != ''", order_by=["start_time DESC"]
    )
    found: dict[str, dict[str, float]] = {}
    for run in runs:
        metrics = {k: v for k, v in run.data.metrics.items() if not k.startswith("baseline.")}
        if metrics and run.info.status == "FINISHED":
            found.setdefault(run.data.tags["candidate"], metrics)
    return found
