"""A table that two make at the same moment."""

from __future__ import annotations

from typing import Any

import pytest

from lakehouse.lake import create as page
from lakehouse.lake.create import create


def test_one_that_another_is_still_making_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(page, "sleep", lambda seconds: said.append("waited"))

    class Spark:
        def sql(self, statement: str) -> None:
            said.append(statement)

    spark: Any = Spark()
    create(spark, "CREATE", iter([False, True]).__next__)
    assert said == ["CREATE", "waited", "CREATE"]
