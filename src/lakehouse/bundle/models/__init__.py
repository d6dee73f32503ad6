"""What the keys of a bundle are and hold, as pydantic classes that read like documentation."""

from lakehouse.bundle.models.bundle import BundleFile, Target
from lakehouse.bundle.models.job import Job
from lakehouse.bundle.models.task import Task

__all__ = ["BundleFile", "Job", "Target", "Task"]
