"""Notebooks in Databricks' source format, run in this process.

`run` runs one, here. The others are for notebooks, here and on Databricks: `open_lake` and
`scratch_lake` give one its lake, `plan` and `seconds` show what Spark makes of a query.
"""

from __future__ import annotations

from lakehouse.run.notebook.lakes import open_lake, scratch_lake
from lakehouse.run.notebook.plans import plan, seconds
from lakehouse.run.notebook.runner import run

__all__ = ["open_lake", "plan", "run", "scratch_lake", "seconds"]
