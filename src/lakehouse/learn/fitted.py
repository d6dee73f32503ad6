"""Fitted MLlib stages without what only their training needed."""

from __future__ import annotations

from typing import Any

from pyspark import SparkContext


def light(stage: Any) -> Any:
    """Removes a fitted stage's training summary, and returns the stage.

    The summary of a regression holds its Spark session and is sent to the executors with the
    model. A session in which rows were ever observed cannot be serialised, so a model fitted after
    a refresh could not transform rows. A saved model has no summary anyway. A stage without one,
    or one that lives on a Spark Connect server, is returned as it is.
    """
    context = SparkContext._active_spark_context
    if context is not None and getattr(stage, "hasSummary", False):
        stage._java_obj.setSummary(context._jvm.scala.Option.empty())  # type: ignore[union-attr]
    return stage
