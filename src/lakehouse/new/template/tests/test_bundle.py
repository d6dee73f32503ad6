"""The bundle is sound in every target."""

from __future__ import annotations

from pathlib import Path

from lakehouse.bundle.validate import validate

BUNDLE = Path(__file__).parents[1] / "bundles" / "new_project"


def test_the_bundle_has_no_fault() -> None:
    assert [str(fault) for fault in validate(BUNDLE)] == []
