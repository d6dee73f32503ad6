"""What a build says of the versions that made it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.lake import builds


def test_a_package_that_is_being_installed_just_now_stops_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("importlib_metadata")  # comes with MLflow, and asks in Python's stead
    (tmp_path / "lakehouse.egg-info").mkdir()  # its PKG-INFO is not written yet
    monkeypatch.syspath_prepend(str(tmp_path))
    versions = builds.made_with("4.0.1")
    assert versions["spark"] == "4.0.1"
    assert versions["delta-spark"]
    assert all(isinstance(each, str) for each in versions.values())
