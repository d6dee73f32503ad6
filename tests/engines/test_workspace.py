"""The bundle's own jobs, called task by task as a workspace calls them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.checkout import ROOT
from tests.engines import small_retail
from tests.engines.workspace import Workspace, built_wheel, environment, listed
from tests.servers import connect_server

pytestmark = [pytest.mark.server, pytest.mark.slow]

RULES = str(ROOT / "tests" / "engines" / "serverless")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(tmp_path_factory.mktemp("wheel"))


@contextmanager
def serverless(home: Path, wheel: Path) -> Iterator[Workspace]:
    """Target `dev`: Spark Connect, with what serverless refuses."""
    python = environment(home / "environment", wheel, listed("dev"))
    with connect_server(home, packages=RULES, heap="3g", python=python) as address:
        variables = {
            "DATABRICKS_RUNTIME_VERSION": "client.5.1",
            "IS_SERVERLESS": "TRUE",
            "SPARK_REMOTE": address,
            "PYTHONPATH": RULES,
            "SERVERLESS_RULES": "1",
        }
        yield Workspace(home, "dev", python, [str(python)], variables)


@pytest.fixture
def dev(tmp_path: Path, wheel: Path) -> Iterator[Workspace]:
    with serverless(tmp_path, wheel) as workspace:
        yield workspace


def test_bronze(dev: Workspace) -> None:
    small_retail.land(dev.landing)
    record = dev.run("nightly", only=["bronze"])
    logs = "\n".join(p.read_text()[-3000:] for p in (dev.home / "runs").rglob("*.log"))
    assert record.result == "SUCCESS", logs
