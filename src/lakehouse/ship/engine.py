"""The wheel of the engine itself, wherever it was installed from."""

from __future__ import annotations

from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from lakehouse.base.errors import LakehouseError
from lakehouse.ship.wheel import Wheel, build, stamp

NAME = "lakehouse"
OF_PIP = {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json"}
"""What pip writes beside the files of a wheel."""


def engine_wheel() -> Wheel:
    """The wheel that this engine is: built of its checkout, or put together of what is installed.

    Raises LakehouseError where it is neither, as on a path of Python's alone.
    """
    package = Path(__file__).parents[1]
    checkout = package.parents[1]
    if package.parent.name == "src" and (checkout / "setup.py").is_file():
        return build(checkout)
    try:
        return _packed(distribution(NAME))
    except PackageNotFoundError:
        raise LakehouseError(
            "the engine is on Python's path and not installed", NAME, "install its wheel"
        ) from None


def _packed(installed: Distribution) -> Wheel:
    """The files of an installation as the wheel that they came in."""
    info = f"{NAME}-{installed.version}.dist-info"
    parts = {}
    for path in installed.files or ():
        first = path.parts[0]
        if first not in (NAME, info) or path.suffix == ".pyc" or path.name in OF_PIP:
            continue
        parts[path.as_posix()] = Path(str(installed.locate_file(path))).read_bytes()
    return stamp(f"{NAME}-{installed.version}-py3-none-any.whl", parts)
