"""A fitted pipeline as MLflow keeps it: its files, its signature, an example and what it needs.

MLflow's own `log_model` and `load_model` of Spark models ask the JVM of this process for the files,
which is not there behind Spark Connect, and would copy them through Hadoop's default file system,
which is not that of the tables. What is written here is what they write, and they load it as well.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
from mlflow.models import Model as Page
from mlflow.models import infer_signature
from mlflow.spark import FLAVOR_NAME, _save_model_metadata
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame

from lakehouse.lake import Lake
from lakehouse.lake.files import Storage
from lakehouse.learn.scratch import new_folder
from lakehouse.learn.tracking import Registered, Tracking

LOADED = ("numpy", "pandas")
"""What a Spark model is loaded with, besides Spark and MLflow."""

PLAIN = ("double", "float", "integer", "long")
"""Types of a prediction's columns that a signature can name."""

DATA = "sparkml"
"""The folder of Spark's own files in a model, as MLflow calls it."""


def log_model(lake: Lake, pipeline: PipelineModel, example: DataFrame) -> None:
    """Keeps the pipeline as `model` of the active run, with a few rows as an example and the
    signature of these.

    Requirements are pinned to what is installed: what loads it must fit what fitted it.
    """
    rows = example.toPandas()
    again = example.sparkSession.createDataFrame(rows, example.schema)
    answers = _plain(pipeline.transform(again)).toPandas()
    with tempfile.TemporaryDirectory() as here:
        staged = new_folder(lake.settings)
        pipeline.write().save(staged)
        there = lake.storage(staged)
        there.fetch(staged, Path(here, DATA))
        there.remove(staged)
        Page._log_v2(
            artifact_path="model",
            flavor=_Flavor(Path(here, DATA), pipeline),
            signature=infer_signature(rows, answers),
            input_example=rows,
            pip_requirements=requirements(),
            validate_serving_input=False,  # the answers above are of this very example
        )


def load_model(lake: Lake, tracking: Tracking, model: Registered) -> PipelineModel:
    """The fitted pipeline of a version.

    Its files stay where Spark reads them until this process ends: some stages read them only when
    rows of theirs are asked for.
    """
    with tempfile.TemporaryDirectory() as here:
        with tracking.registry_errors():
            folder = mlflow.artifacts.download_artifacts(artifact_uri=model.uri, dst_path=here)
            data = Page.load(folder).flavors[FLAVOR_NAME]["model_data"]
        staged = lasting_folder(lake)
        lake.storage(staged).send(Path(folder, data), staged)
    loaded: PipelineModel = PipelineModel.load(staged)
    return loaded


def lasting_folder(lake: Lake) -> str:
    """A new folder for the files of a loaded pipeline; taken away when this process ends."""
    folder = new_folder(lake.settings)
    atexit.register(_cleared, lake.storage(folder), folder)
    return folder


def _cleared(there: Storage, folder: str) -> None:
    with suppress(Exception):  # the Spark that reaches it may have ended before
        there.remove(folder)


def requirements() -> list[str]:
    """What a model needs to be loaded, at the versions installed here; MLflow adds itself."""
    return [
        *mlflow.spark.get_default_pip_requirements(),
        *(f"{name}=={version(name)}" for name in LOADED),
    ]


class _Flavor:
    """What MLflow asks to write a model's files: here they are written already."""

    def __init__(self, data: Path, pipeline: PipelineModel) -> None:
        self._data = data
        self._pipeline = pipeline

    def save_model(self, path: str, mlflow_model: Page, **facts: Any) -> None:
        facts.pop("validate_serving_input")
        shutil.copytree(self._data, Path(path, DATA))
        _save_model_metadata(  # type: ignore[no-untyped-call]
            path, self._pipeline, mlflow_model, conda_env=None, code_paths=None, **facts
        )


def _plain(answers: DataFrame) -> DataFrame:
    """The columns of a prediction that a signature can name: vectors stay inside."""
    kinds = {field.name: field.dataType.typeName() for field in answers.schema}
    return answers.select([n for n in ("prediction", "probability") if kinds.get(n) in PLAIN])
