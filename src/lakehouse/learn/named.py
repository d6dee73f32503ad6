"""The versions of tables that registered models were trained on."""

from __future__ import annotations

from collections.abc import Iterable

from lakehouse.declare.model import Model
from lakehouse.lake import Lake
from lakehouse.learn.log import ID, VERSION
from lakehouse.learn.tracking import Tracking


def named_versions(lake: Lake, models: Iterable[Model]) -> dict[str, set[int]]:
    """The versions that some version of a model in the registry was trained on, by table.

    Of a table that was made anew since, with another id, there is nothing left to name.
    """
    tracking = Tracking(lake.settings)
    named: dict[str, set[int]] = {}
    for model in models:
        for tags in tracking.registered_runs(model.name):
            for table in (key.removeprefix(VERSION) for key in tags if key.startswith(VERSION)):
                if lake.exists(table) and tags.get(f"{ID}{table}") == lake.id(table):
                    named.setdefault(table, set()).add(int(tags[f"{VERSION}{table}"]))
    return named
