"""What a job's settings say of its project's sources."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest

from lakehouse import Source, bronze
from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import Settings
from lakehouse.declare import project
from lakehouse.declare.project import Project
from lakehouse.jobs.arguments import Job

PROJECT = Project("tests", (bronze(Source("sales", "id BIGINT")),), ())
ROWS = {"table": "t", "by": "id"}


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ({"kafka": {"topics": {"sale": "t"}}}, "kafka.topics: unknown source 'sale'"),
        ({"database": {"tables": {"sale": ROWS}}}, "database.tables: unknown source 'sale'"),
        (
            {"kafka": {"publish": {"bronze.sale": "t"}}},
            "kafka.publish: unknown refreshed table 'bronze.sale'. Did you mean 'bronze.sales'?",
        ),
        (
            {"kafka": {"topics": {"sales": "t"}}, "database": {"tables": {"sales": ROWS}}},
            "source 'sales': its records arrive by a topic and from a database",
        ),
    ],
    ids=["topic", "table", "publish", "both"],
)
def test_where_records_arrive_is_said_of_a_source_and_once(
    monkeypatch: pytest.MonkeyPatch, where: dict[str, Any], sentence: str
) -> None:
    monkeypatch.setattr(project, "load", lambda name: PROJECT)
    settings = Settings.model_validate({"project": "tests", **where})
    with pytest.raises(LakehouseError) as caught:
        Job(Namespace(), settings).project  # noqa: B018
    assert sentence in str(caught.value)


def test_a_source_that_there_is_may_arrive_by_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "load", lambda name: PROJECT)
    for where in ({"kafka": {"topics": {"sales": "t"}}}, {"database": {"tables": {"sales": ROWS}}}):
        settings = Settings.model_validate({"project": "tests", **where})
        assert Job(Namespace(), settings).project is PROJECT
