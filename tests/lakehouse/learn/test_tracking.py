"""What MLflow says, what it does not say, and what is made of either."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos import databricks_pb2 as codes

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import Settings
from lakehouse.learn.tracking import Outcome, Registered, Tracking


def settings(root: Path, **mlflow_settings: str) -> Settings:
    """Settings with an MLflow store in a folder, unless they name another one."""
    store = {"tracking_uri": f"sqlite:///{root}/mlflow.db", "artifacts": str(root / "mlflow")}
    return Settings.model_validate(
        {
            "project": "tests",
            "data": str(root),
            "landing": str(root),
            "lake": {"root": str(root)},
            "mlflow": store | mlflow_settings,
        }
    )


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Tracking:
    """One store for all tests; each has models of its own."""
    return Tracking(settings(tmp_path_factory.mktemp("mlflow")))


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a server that is away, on a port where nothing listens."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def refuse(monkeypatch: pytest.MonkeyPatch, tracking: Tracking, method: str, code: int) -> None:
    """Has MLflow answer a method of its client with an error of this code."""

    def refused(*_: Any, **__: Any) -> None:
        raise MlflowException("the answer of the registry", code)

    monkeypatch.setattr(tracking.client, method, refused)


def version(tracking: Tracking, name: str) -> str:
    """Makes a version of a model, with nothing in it."""
    if not tracking.client.search_registered_models(f"name = '{name}'"):
        tracking.client.create_registered_model(name)
    return str(tracking.client.create_model_version(name, "runs:/none/model").version)


@pytest.mark.parametrize(
    ("artifacts", "place"),
    [
        ("/a folder", "file:///a%20folder/leaving"),
        ("s3a://bucket/mlflow", "s3a://bucket/mlflow/leaving"),
        ("", "mlruns/1"),
    ],
)
def test_artifacts_are_kept_where_the_settings_say_or_where_the_server_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, artifacts: str, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    tracking = Tracking(settings(tmp_path, artifacts=artifacts))
    experiment = tracking.client.get_experiment(tracking.experiment("leaving"))
    assert experiment.artifact_location.endswith(place)


def test_a_model_that_nobody_registered_has_no_champion(tracking: Tracking) -> None:
    assert tracking.champion("unheard_of") is None


def test_a_model_without_the_alias_has_no_champion(tracking: Tracking) -> None:
    version(tracking, "young")
    assert tracking.champion("young") is None


def test_the_champion_is_the_version_with_the_alias_and_not_the_newest(tracking: Tracking) -> None:
    first = version(tracking, "grown")
    version(tracking, "grown")
    tracking.client.set_registered_model_alias("grown", "champion", first)
    champion = tracking.champion("grown")
    assert champion is not None
    assert (champion.name, champion.version) == ("grown", 1)


def test_a_registry_that_is_away_is_not_a_registry_without_a_champion(
    tmp_path: Path, nowhere: str
) -> None:
    tracked = Tracking(settings(tmp_path, registry_uri=nowhere))
    begun = time.monotonic()
    with pytest.raises(LakehouseError) as away:
        tracked.champion("leaving")
    with pytest.raises(LakehouseError):
        tracked.register("leaving", "run", {})
    assert time.monotonic() - begun < 20
    assert away.value.where == nowhere
    assert "MLflow's registry cannot be used" in str(away.value)
    assert "mlflow.registry_uri" in away.value.todo


def test_a_tracking_server_that_is_away_is_named(tmp_path: Path, nowhere: str) -> None:
    begun = time.monotonic()
    with pytest.raises(
        LakehouseError, match=r"MLflow cannot be used.*mlflow\.tracking_uri"
    ) as away:
        Tracking(settings(tmp_path, tracking_uri=nowhere))
    assert time.monotonic() - begun < 20
    assert away.value.where == nowhere


def test_a_store_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database " * 100)
    with pytest.raises(LakehouseError, match="file is not a database") as broken:
        Tracking(settings(tmp_path))
    assert broken.value.where == f"sqlite:///{tmp_path}/mlflow.db"


def test_a_password_in_an_address_is_not_shown(
    tracking: Tracking, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address = "postgresql://me:secret@host:5432/registry"
    monkeypatch.setattr(tracking, "settings", settings(tmp_path, registry_uri=address))
    with pytest.raises(LakehouseError) as error, tracking.registry_errors():
        raise MlflowException("no answer")
    assert error.value.where == "postgresql://host:5432/registry"


@pytest.mark.parametrize(
    "code",
    [
        codes.PERMISSION_DENIED,
        codes.INTERNAL_ERROR,
        codes.TEMPORARILY_UNAVAILABLE,
        codes.INVALID_PARAMETER_VALUE,
        codes.ENDPOINT_NOT_FOUND,
        codes.REQUEST_LIMIT_EXCEEDED,
    ],
)
def test_only_an_answer_that_it_is_not_there_means_no_champion(
    tracking: Tracking, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    refuse(monkeypatch, tracking, "get_registered_model", code)
    with pytest.raises(LakehouseError, match="the answer of the registry"):
        tracking.champion("leaving")
    refuse(monkeypatch, tracking, "create_registered_model", codes.RESOURCE_ALREADY_EXISTS)
    with pytest.raises(LakehouseError, match="the answer of the registry"):
        tracking.register("leaving", "run", {})


def test_a_model_that_is_not_there_in_the_registry_s_own_words_has_no_champion(
    tracking: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, tracking, "get_registered_model", codes.RESOURCE_DOES_NOT_EXIST)
    assert tracking.champion("leaving") is None


def test_a_model_that_may_not_be_made_is_not_registered(
    tracking: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, tracking, "create_registered_model", codes.PERMISSION_DENIED)
    with pytest.raises(LakehouseError, match="the answer of the registry"):
        tracking.register("forbidden", "run", {})


def test_a_refusal_to_move_the_alias_is_a_sentence(
    tracking: Tracking, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, tracking, "set_registered_model_alias", codes.PERMISSION_DENIED)
    with pytest.raises(LakehouseError, match="the answer of the registry"):
        tracking.promote(Registered("leaving", 1, "run", {}))


def test_a_failure_of_our_own_is_not_blamed_on_mlflow(tracking: Tracking) -> None:
    with pytest.raises(ZeroDivisionError), tracking.tracking_errors():
        _ = 1 / 0


def test_the_outcome_of_a_training_is_known_by_its_fingerprint(tracking: Tracking) -> None:
    experiment = tracking.experiment("known")
    for number in (1, 2):
        run = tracking.client.create_run(experiment)
        tracking.record(run.info.run_id, f"data {number}", Outcome(number, f"why {number}"))
    assert tracking.outcome("known", "data 1") == Outcome(1, "why 1")
    assert tracking.outcome("known", "data 2") == Outcome(2, "why 2")
    assert tracking.outcome("known", "data 3") is None
    assert tracking.outcome("leaving", "data 1") is None
