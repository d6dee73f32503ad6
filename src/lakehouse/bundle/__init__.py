"""Bundles: the `databricks.yml` that deploys to Databricks, read and checked; nothing is run."""

from lakehouse.bundle.faults import BundleError, Fault
from lakehouse.bundle.load import Bundle, load

__all__ = ["Bundle", "BundleError", "Fault", "load"]
