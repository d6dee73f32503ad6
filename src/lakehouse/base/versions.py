"""Versions of installed packages."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def installed(package: str) -> str:
    """The version of a package; empty where it is not installed, or is being installed just now."""
    try:
        # None where the page of metadata holds nothing yet.
        return version(package) or ""
    except (PackageNotFoundError, OSError):
        return ""
