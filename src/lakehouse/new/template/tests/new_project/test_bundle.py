"""The project is found whole, and its bundle is sound in every target."""

from __future__ import annotations

from pathlib import Path

from lakehouse.declare import project
from lakehouse.bundle.validate import validate

BUNDLE = Path(__file__).parents[2] / "bundles" / "new_project"


def test_tables_are_found_in_the_order_they_are_refreshed_in() -> None:
    found = project.load("new_project")
    assert [table.name for table in found.tables] == [
        "bronze.events",
        "silver.events",
        "gold.user_days",
    ]
    assert [model.name for model in found.models] == ["returning"]


def test_the_bundle_has_no_fault() -> None:
    assert [str(fault) for fault in validate(BUNDLE)] == []
