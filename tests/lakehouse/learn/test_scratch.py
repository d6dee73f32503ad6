"""Where models are moved through: beside the tables."""

from __future__ import annotations

import pytest

from lakehouse.base.settings import Settings
from lakehouse.learn.scratch import scratch


def settings(root: str, catalog: str = "", data: str = "/driver", **mlflow: str) -> Settings:
    """Settings of a lake in `root`, with the driver's own data elsewhere."""
    return Settings.model_validate(
        {
            "project": "tests",
            "data": data,
            "landing": "/landing",
            "lake": {"root": root, "catalog": catalog},
            "mlflow": {
                "tracking_uri": f"sqlite:///{data}/mlflow.db",
                "artifacts": f"{data}/mlflow",
                **mlflow,
            },
        }
    )


@pytest.mark.parametrize(
    ("root", "catalog", "folder"),
    [
        ("/srv/a lake", "", "/srv/a lake/_scratch"),
        ("s3a://bucket/lake", "", "s3a://bucket/lake/_scratch"),
        ("hdfs://host:8020/lake", "", "hdfs://host:8020/lake/_scratch"),
        ("/Volumes/prod/ops/lake", "prod", "/Volumes/prod/ops/lake/_scratch"),
    ],
)
def test_models_move_through_a_folder_beside_the_tables(
    monkeypatch: pytest.MonkeyPatch, root: str, catalog: str, folder: str
) -> None:
    monkeypatch.delenv("MLFLOW_DFS_TMP", raising=False)
    assert scratch(settings(root, catalog)) == folder


def test_the_environment_names_another_folder_and_a_setting_stands_above_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_DFS_TMP", "s3a://bucket/tmp")
    assert scratch(settings("s3a://bucket/lake")) == "s3a://bucket/tmp"
    assert scratch(settings("s3a://bucket/lake", scratch="/mnt/shared")) == "/mnt/shared"
