"""What the keys of a bundle are and hold, as pydantic classes that read like documentation."""

from lakehouse.bundle.schema.bundle import BundleFile, Target
from lakehouse.bundle.schema.job import Job
from lakehouse.bundle.schema.task import Task

__all__ = ["BundleFile", "Job", "Target", "Task"]
