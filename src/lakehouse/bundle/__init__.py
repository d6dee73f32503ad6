"""Bundles: the `databricks.yml` that deploys to Databricks, read, checked and run anywhere."""

from lakehouse.bundle.faults import BundleError, Fault
from lakehouse.bundle.load import Bundle, load
from lakehouse.bundle.running.options import Options
from lakehouse.bundle.running.runs import repair, run

__all__ = ["Bundle", "BundleError", "Fault", "Options", "load", "repair", "run"]
