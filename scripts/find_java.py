"""Print the home of a Java that Spark runs on; install one first where that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from lakehouse.base.errors import LakehouseError
from lakehouse.spark.java import find_java, install_command


def main() -> int:
    try:
        print(find_java().home)
        return 0
    except LakehouseError as missing:
        said = missing
    if install():
        try:
            print(find_java().home)
            return 0
        except LakehouseError as still_missing:
            said = still_missing
    print(f"set-up: {said}", file=sys.stderr)
    return 1


def install() -> bool:
    """Install a Java through the package manager; False where it is not ours to use."""
    manager, *_ = command = install_command() or ("",)
    privilege = how_to_be_root(manager)
    if privilege is None:
        return False
    if manager == "apt-get":
        quietly(*privilege, "apt-get", "-q", "update")
        command = install_command()  # what can be had is known only now
    print(f"set-up: installing Java ({' '.join(command)})", file=sys.stderr)
    return quietly(*privilege, *command)


def how_to_be_root(manager: str) -> tuple[str, ...] | None:
    """The words before the command: none for root, sudo without a password; None if not allowed."""
    if not manager:
        return None
    root = os.geteuid() == 0
    if manager == "brew":
        return None if root else ()  # brew refuses root, and needs none
    if root:
        return ()
    sudo = ("sudo", "-n")
    return sudo if shutil.which("sudo") and quietly(*sudo, "true") else None


def quietly(*command: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return (
        subprocess.run(command, capture_output=True, check=False, env=environment).returncode == 0
    )


if __name__ == "__main__":
    sys.exit(main())
