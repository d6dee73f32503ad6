"""Fitted pipelines without what only their training needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pyspark import SparkContext
from pyspark.ml import PipelineModel


def light(pipeline: PipelineModel, folder: Callable[[], str]) -> PipelineModel:
    """The pipeline without the training summaries of its stages, as it is once it was saved.

    The summary of a regression holds its Spark session and is sent to the executors with the
    model. A session in which rows were ever observed cannot be serialised, so a model fitted after
    a refresh could not transform rows. Behind Spark Connect a summary cannot be taken away: there
    the pipeline is saved to a new folder that stays, by `folder`, and loaded.
    """
    context = SparkContext._active_spark_context
    if context is None:
        where = folder()
        pipeline.write().save(where)
        loaded: PipelineModel = PipelineModel.load(where)
        return loaded
    for stage in _stages(pipeline):
        if getattr(stage, "hasSummary", False):
            stage._java_obj.setSummary(context._jvm.scala.Option.empty())  # type: ignore[union-attr]
    return pipeline


def _stages(pipeline: PipelineModel) -> Iterator[Any]:
    """The stages of a pipeline, and of the pipelines among them."""
    for stage in pipeline.stages:
        if isinstance(stage, PipelineModel):
            yield from _stages(stage)
        else:
            yield stage
