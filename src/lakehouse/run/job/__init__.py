"""One job at work: its tasks in the order of the graph, with retries, logs and repairs."""

from lakehouse.run.job.options import Options
from lakehouse.run.job.runs import repair, run

__all__ = ["Options", "repair", "run"]
