"""Lakes on S3, and processes that alone know where it is and have its keys."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.checkout import ROOT
from tests.conftest import INTERPRETED
from tests.servers import QUICK

from lakehouse.base.settings import Settings

BUCKET = "lake"
CONF = {
    **INTERPRETED,
    "spark.driver.extraJavaOptions": QUICK,
    "spark.ui.enabled": "false",
}


def settings_on_s3(home: Path, name: str, **spark: Any) -> Settings:
    """All that tables and models are made of below `name` in the bucket; the rest in `home`."""
    there = f"s3a://{BUCKET}/{name}"
    conf = {**CONF, **spark.pop("conf", {})}
    return Settings.model_validate(
        {
            "project": "tests",
            "data": str(home),
            "landing": f"{there}/landing",
            "lake": {"root": f"{there}/lake"},
            "spark": {"heap": "1g", "shuffle_partitions": 2, "conf": conf, **spark},
            "mlflow": {
                "tracking_uri": f"sqlite:///{home}/mlflow.db",
                "artifacts": f"s3://{BUCKET}/{name}/mlflow",
            },
        }
    )


def call(
    code: str, home: Path, endpoint: str, *arguments: str, **more: str
) -> subprocess.CompletedProcess[str]:
    """Runs Python in a folder and a process of its own, which alone knows S3 and its keys."""
    path = (str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH"))
    own = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "a-key",
        "AWS_SECRET_ACCESS_KEY": "a-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONPATH": ":".join(filter(None, path)),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "LOCAL_DIRS": str(home / "local"),
        "SPARK_LOCAL_DIRS": str(home / "local"),
        **more,
    }
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=home,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
