"""Candidates of a model, fitted as the engine fits them."""

from __future__ import annotations

import tempfile
from typing import Any

from pyspark.ml import PipelineModel

from lakehouse.base.errors import LakehouseError
from lakehouse.declare.model import Frames, Model, Split
from lakehouse.spark.fitted import light


def fitted(
    model: Model,
    frames: Frames,
    *,
    candidate: str | None = None,
    split: Split | None = None,
    **params: Any,
) -> PipelineModel:
    """A candidate of a model, fitted to these frames as `lakehouse train` fits it.

    What `fit` returns holds its Spark session until it is trimmed, and Spark cannot send that one
    to its executors once a test has rebuilt a table in it ("Task not serializable").

    Args:
        model: Whose candidate.
        frames: One frame for each of `Model.reads`; instead of the first, the rows that
            `Model.eligible` gives.
        candidate: Its name; the first one where it is not given.
        split: Another one than the model's, where the test has fewer rows.
        params: Instead of those of the candidate.
    """
    named = {each.name: each for each in model.candidates}
    chosen = model.candidates[0] if candidate is None else named.get(candidate)
    if chosen is None:
        raise LakehouseError(
            f"has no candidate {candidate!r}", f"model {model.name}", f"it has {', '.join(named)}"
        )
    pipeline = chosen.fit(frames, split or model.split, {**chosen.params, **params})
    return light(pipeline, lambda: tempfile.mkdtemp(prefix="fitted-") + "/pipeline")
