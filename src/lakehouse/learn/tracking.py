"""MLflow as this project uses it: an experiment and a registered model for each model."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from mlflow.utils.logging_utils import MLFLOW_LOGGING_STREAM
from pyspark.ml import PipelineModel

from lakehouse.base.errors import LakehouseError
from lakehouse.base.settings import Settings

CHAMPION = "champion"
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


class Tracking:
    """The tracking server and registry that the settings name.

    Raises LakehouseError where the server cannot be reached.
    """

    def __init__(self, settings: Settings) -> None:
        """Connects; makes an embedded store where there is none yet."""
        self.settings = settings
        uri = settings.mlflow.tracking_uri
        _quiet()
        with _connecting:  # the embedded store is made once, by one thread
            if uri.startswith("sqlite:///"):
                Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            mlflow.set_tracking_uri(uri)
            mlflow.set_registry_uri(settings.mlflow.registry_uri or uri)
            self.client = MlflowClient()
            try:
                self.client.search_experiments(max_results=1)
            except (MlflowException, OSError) as error:
                raise LakehouseError(
                    f"MLflow does not answer: {str(error).splitlines()[0]}",
                    uri,
                    "start the server, or change the setting mlflow.tracking_uri",
                ) from None

    def registered_name(self, model: str) -> str:
        """What a model is called in the registry: three levels where there is a catalog."""
        if named := self.settings.mlflow.registered:
            return named.format(model=model)
        catalog = self.settings.lake.catalog
        return f"{catalog}.gold.{model}" if catalog else model

    def experiment(self, model: str) -> str:
        """The id of a model's experiment, made if it is new."""
        name = self.settings.mlflow.experiment.format(model=model)
        with _connecting:
            if found := self.client.get_experiment_by_name(name):
                return str(found.experiment_id)
            folder = self.settings.mlflow.artifacts
            where = Path(folder, model).as_uri() if folder.startswith("/") else None
            if folder and not folder.startswith("/"):
                where = f"{folder}/{model}"
            return str(self.client.create_experiment(name, artifact_location=where))

    def champion(self, model: str) -> Registered | None:
        """The version that carries the alias `champion`, or None."""
        try:
            found = self.client.get_model_version_by_alias(self.registered_name(model), CHAMPION)
        except MlflowException:
            return None
        return _registered(found)

    def need_champion(self, model: str) -> Registered:
        """The champion. Raises LakehouseError where none has been trained yet."""
        found = self.champion(model)
        if found is None:
            raise LakehouseError(
                "has no champion yet", f"model {model}", f"train one: lakehouse train {model}"
            )
        return found

    def register(self, model: str, run: str, tags: dict[str, str]) -> Registered:
        """Registers the model logged under `model` in a run."""
        name = self.registered_name(model)
        with _connecting:
            try:
                self.client.get_registered_model(name)
            except MlflowException:
                self.client.create_registered_model(name)
            MLFLOW_LOGGING_STREAM.enabled = False  # it prints what the caller is told anyway
            try:
                made = mlflow.register_model(f"runs:/{run}/model", name, tags=tags)
            finally:
                MLFLOW_LOGGING_STREAM.enabled = True
        return _registered(made)

    def promote(self, version: Registered) -> None:
        """Gives a version the alias `champion`."""
        self.client.set_registered_model_alias(version.name, CHAMPION, str(version.version))

    def load(self, version: Registered) -> PipelineModel:
        """The fitted pipeline of a version."""
        loaded: PipelineModel = mlflow.spark.load_model(version.uri, dfs_tmpdir=self.scratch())
        return loaded

    def scratch(self) -> str | None:
        """The folder through which MLflow moves Spark models; None: MLFLOW_DFS_TMP names it."""
        if "MLFLOW_DFS_TMP" in os.environ:
            return None
        folder = self.settings.data_folder / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        return f"file:{folder.absolute()}"  # as Hadoop reads it: a space stays a space

    def metrics(self, run: str) -> dict[str, float]:
        """The metrics of a run, baselines included."""
        return dict(self.client.get_run(run).data.metrics)


def _registered(found: ModelVersion) -> Registered:
    return Registered(found.name, int(found.version), found.run_id or "", dict(found.tags or {}))


def _quiet() -> None:
    """MLflow and its migrations speak at length of what is of no use to a reader here."""
    for name in ("mlflow", "alembic", "py4j"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="mlflow")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
