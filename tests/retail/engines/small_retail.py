"""The first quarter of the real year, thinned: few enough households to run on every engine."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from retail.replay import deliveries

UNTIL = "2017-03-31"
ONE_IN = 16
"""Households, and products on promotion, that are left."""
LANDED_AT = 1_500_000_000
"""When the first file arrives; a broken row is kept with the time that it arrived at."""


def land(landing: Path, until: str = UNTIL) -> Path:
    """Lands every source up to a day, with one household in sixteen, at the same times always."""
    for seconds, each in enumerate(deliveries(until)):
        path = landing / each.source / each.name
        path.parent.mkdir(parents=True, exist_ok=True)
        each.write(path)
        if path.suffix == ".parquet":
            _thinned(pl.read_parquet(path), "product_id").write_parquet(path)
        elif path.stat().st_size and each.source in ("baskets", "redemptions", "mailings"):
            rows = pl.read_ndjson(path, infer_schema_length=None)
            _thinned(rows, "household_id").write_ndjson(path)
        os.utime(path, (LANDED_AT + seconds, LANDED_AT + seconds))
    return landing


def _thinned(rows: pl.DataFrame, by: str) -> pl.DataFrame:
    return rows.filter(pl.col(by).cast(pl.Int64) % ONE_IN == 0)
