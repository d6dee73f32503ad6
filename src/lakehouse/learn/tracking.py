"""MLflow as this project uses it: an experiment and a registered model for each model."""

from __future__ import annotations

import logging
import os
import re
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, RESOURCE_DOES_NOT_EXIST, ErrorCode
from mlflow.tracking import MlflowClient
from mlflow.utils.logging_utils import MLFLOW_LOGGING_STREAM

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import Settings

CHAMPION = "champion"
MISSING = ErrorCode.Name(RESOURCE_DOES_NOT_EXIST)
THERE_ALREADY = ErrorCode.Name(RESOURCE_ALREADY_EXISTS)
LIBRARIES = ("mlflow", "requests", "urllib3", "sqlalchemy", "boto3", "botocore")
"""Whose errors come from MLflow or from the way to it. Not all of them are wrapped by MLflow."""
_connecting = threading.Lock()


@dataclass(frozen=True)
class Registered:
    """One version of a registered model, with the run that made it."""

    name: str
    version: int
    run: str
    tags: dict[str, str]

    @property
    def uri(self) -> str:
        """What MLflow loads it by."""
        return f"models:/{self.name}/{self.version}"


@dataclass(frozen=True)
class Outcome:
    """What a training came to: the version that it registered, and why that became champion or
    not."""

    version: int
    why: str


class Tracking:
    """The tracking server and the registry that the settings name.

    Every method raises LakehouseError, with the address, where a server gives no answer or refuses.
    A model or an alias counts as missing only where the registry's own answer says that it is.
    """

    def __init__(self, settings: Settings) -> None:
        """Connects; makes an embedded store where there is none yet."""
        self.settings = settings
        uri = settings.mlflow.tracking_uri
        _quiet()
        with _connecting, self.tracking_errors():  # an embedded store is made once, by one thread
            if uri.startswith("sqlite:///"):
                Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            mlflow.set_tracking_uri(uri)
            mlflow.set_registry_uri(settings.mlflow.registry_uri or uri)
            self.client = MlflowClient()
            self.client.search_experiments(max_results=1)

    @contextmanager
    def tracking_errors(self) -> Iterator[None]:
        """Turns errors of the tracking server into a LakehouseError."""
        with _explained("MLflow", self.settings.mlflow.tracking_uri, "mlflow.tracking_uri"):
            yield

    @contextmanager
    def registry_errors(self) -> Iterator[None]:
        """Turns errors of the registry into a LakehouseError."""
        own = self.settings.mlflow.registry_uri
        address = own or self.settings.mlflow.tracking_uri
        setting = "mlflow.registry_uri" if own else "mlflow.tracking_uri"
        with _explained("MLflow's registry", address, setting):
            yield

    def registered_name(self, model: str) -> str:
        """What a model is called in the registry: three levels where there is a catalog."""
        named = (self.settings.mlflow.registered or "{model}").format(model=model)
        catalog = self.settings.lake.catalog
        return f"{catalog}.gold.{named}" if catalog and "." not in named else named

    def experiment(self, model: str) -> str:
        """The id of a model's experiment, made if it is new."""
        name = self.settings.mlflow.experiment.format(model=model)
        with _connecting, self.tracking_errors():
            if experiment := self.client.get_experiment_by_name(name):
                return str(experiment.experiment_id)
            folder = self.settings.mlflow.artifacts
            where = f"{folder}/{model}" if folder else None  # None: where the server keeps its own
            if folder.startswith("/"):
                where = Path(folder, model).as_uri()
            return str(self.client.create_experiment(name, artifact_location=where))

    def champion(self, model: str) -> Registered | None:
        """The version that carries the alias `champion`, or None.

        Read from the model's own aliases: where one is not there, stores differ in the error that
        `get_model_version_by_alias` raises, and SQL stores give the code of a wrong parameter.
        """
        name = self.registered_name(model)
        with self.registry_errors():
            try:
                aliases = self.client.get_registered_model(name).aliases
            except MlflowException as error:
                if error.error_code == MISSING:
                    return None
                raise
            if CHAMPION not in aliases:
                return None
            return _registered(self.client.get_model_version(name, str(aliases[CHAMPION])))

    def need_champion(self, model: str) -> Registered:
        """The champion. Raises LakehouseError where none has been trained yet."""
        champion = self.champion(model)
        if champion is None:
            raise LakehouseError(
                "has no champion yet", f"model {model}", f"train one: lakehouse train {model}"
            )
        return champion

    def register(self, model: str, run: str, tags: dict[str, str]) -> Registered:
        """Registers the model logged under `model` in a run."""
        name = self.registered_name(model)
        with _connecting, self.registry_errors():
            self._ensure_registered(name)
            MLFLOW_LOGGING_STREAM.enabled = False  # it prints what the caller prints anyway
            try:
                version = mlflow.register_model(f"runs:/{run}/model", name, tags=tags)
            finally:
                MLFLOW_LOGGING_STREAM.enabled = True
        return _registered(version)

    def _ensure_registered(self, name: str) -> None:
        """Looks first: where a catalog may only be read, creating is refused even what is there."""
        try:
            self.client.get_registered_model(name)
        except MlflowException as error:
            if error.error_code != MISSING:
                raise
            try:
                self.client.create_registered_model(name)
            except MlflowException as raced:
                if raced.error_code != THERE_ALREADY:  # another process has just made it
                    raise

    def promote(self, version: Registered) -> None:
        """Gives a version the alias `champion`."""
        with self.registry_errors():
            self.client.set_registered_model_alias(version.name, CHAMPION, str(version.version))

    def record(self, run: str, fingerprint: str, outcome: Outcome) -> None:
        """Notes in its run what a training came to; only then is it known by its fingerprint."""
        with self.tracking_errors():
            self.client.set_tag(run, "version", str(outcome.version))
            self.client.set_tag(run, "outcome", outcome.why)
            self.client.set_tag(run, "fingerprint", fingerprint)

    def outcome(self, model: str, fingerprint: str) -> Outcome | None:
        """What the newest training with this fingerprint came to; None where none was finished.

        In the tags of runs, since each tracking server can search these; Unity Catalog cannot
        search the tags of versions.
        """
        wanted = f"tags.fingerprint = '{fingerprint}'"
        with self.tracking_errors():
            runs = self.client.search_runs([self.experiment(model)], wanted, max_results=1)
            tags = runs[0].data.tags if runs else None
        return Outcome(int(tags["version"]), tags["outcome"]) if tags else None

    def registered_runs(self, model: str) -> list[Mapping[str, str]]:
        """The tags of the runs that made the versions of a model which the registry holds."""
        name = self.registered_name(model)
        with self.registry_errors():
            versions = self.client.search_model_versions(f"name = '{name}'")
        with self.tracking_errors():
            return [dict(self.client.get_run(v.run_id).data.tags) for v in versions if v.run_id]

    def metrics(self, run: str) -> dict[str, float]:
        """The metrics of a run, baselines included."""
        with self.tracking_errors():
            return dict(self.client.get_run(run).data.metrics)


def _registered(version: ModelVersion) -> Registered:
    return Registered(
        version.name, int(version.version), version.run_id or "", dict(version.tags or {})
    )


@contextmanager
def _explained(who: str, address: str, setting: str) -> Iterator[None]:
    """Turns errors on the way to an address into a sentence; a password in it is left out."""
    try:
        yield
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in LIBRARIES:
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise LakehouseError(
            f"{who} cannot be used: {reason}",
            re.sub(r"//[^/@]*@", "//", address),
            f"see that it is up and that you may use it, or change the setting {setting}",
        ) from error


def _quiet() -> None:
    """Silences MLflow and its migrations, which log at length what is of no use to a reader."""
    for name in ("mlflow", "alembic", "py4j"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="mlflow")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    # Of its own MLflow asks a server that is away for minutes; three more tries take 12 seconds.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
