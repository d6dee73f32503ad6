"""Notebooks in Databricks' source format, run in this process.

`run` runs one, here; `open_lake` gives a notebook its lake, here and on Databricks.
"""

from __future__ import annotations

from lakehouse.notebook.opening import open_lake
from lakehouse.notebook.running import run

__all__ = ["open_lake", "run"]
