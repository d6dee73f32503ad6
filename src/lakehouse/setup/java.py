"""Java, found or installed. Needs nothing but Python itself, so that it can be had first."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from lakehouse.base.errors import LakehouseError
from lakehouse.spark.java import Java, find_java, install_command


def ensure() -> Java:
    """The Java that Spark starts with; where there is none, it is installed if that is allowed.

    Raises LakehouseError that says what to install.
    """
    try:
        return find_java()
    except LakehouseError:
        if not _install():
            raise
    return find_java()


def _install() -> bool:
    """Install a Java through the package manager; False where it is not ours to use."""
    manager, *_ = command = install_command() or ("",)
    privilege = _how_to_be_root(manager)
    if privilege is None:
        return False
    if manager == "apt-get":
        _quietly(*privilege, "apt-get", "-q", "update")
        command = install_command()  # what can be had is known only now
    print(f"set-up: installing Java ({' '.join(command)})", file=sys.stderr)
    return _quietly(*privilege, *command)


def _how_to_be_root(manager: str) -> tuple[str, ...] | None:
    """The words before the command: none for root, sudo without a password; None if not allowed."""
    if not manager:
        return None
    root = os.geteuid() == 0
    if manager == "brew":
        return None if root else ()  # brew refuses root, and needs none
    if root:
        return ()
    sudo = ("sudo", "-n")
    return sudo if shutil.which("sudo") and _quietly(*sudo, "true") else None


def _quietly(*command: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return (
        subprocess.run(command, capture_output=True, check=False, env=environment).returncode == 0
    )


if __name__ == "__main__":
    try:
        ensure()
    except LakehouseError as error:
        sys.exit(f"set-up: {error}")
