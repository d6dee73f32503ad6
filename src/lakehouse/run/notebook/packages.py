"""`%pip install` on this machine: says what it would install, and whether that is here already."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from lakehouse.base.errors import LakehouseError

_WITH_VALUE = ("-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f", "--find-links",
               "--trusted-host", "-t", "--target")  # fmt: skip


def report(words: Sequence[str], folder: Path) -> str:
    """Return which of the packages are here, a line each; nothing is ever installed.

    `words` are those after `%pip`, and files among them are relative to `folder`. Raises
    LakehouseError where a package is missing, or is here in another version than is wanted.
    """
    if not words or words[0] != "install":
        what = f"%pip {' '.join(words[:1])} changes what is installed, and does nothing here"
        return what if words else "%pip names no package"
    lines, missing = [], []
    for requirement in _requirements(list(words[1:]), folder):
        is_here, line = _status(requirement)
        lines.append(line)
        if not is_here:
            missing.append(requirement)
    if missing:
        raise LakehouseError(
            f"{'; '.join(line for line in lines if not line.startswith('here already'))}",
            "%pip",
            f"nothing is installed silently. Do it by hand: pip install {_quoted(missing)}",
        )
    return "\n".join(lines) or "%pip names no package"


def _requirements(words: list[str], folder: Path) -> Iterator[str]:
    """The requirements among the arguments of `pip install`."""
    while words:
        word = words.pop(0)
        if word in ("-r", "--requirement"):
            if not words:
                raise LakehouseError("-r names no file", "%pip")
            page = folder / words.pop(0)
            if not page.is_file():
                raise LakehouseError("the file is not there", str(page))
            for line in page.read_text("utf-8").splitlines():
                if text := line.partition("#")[0].strip():
                    yield from _requirements(
                        text.split() if text.startswith("-") else [text], folder
                    )
        elif word in _WITH_VALUE:
            del words[:1]
        elif not word.startswith("-"):
            yield word


def _status(wanted: str) -> tuple[bool, str]:
    """Whether a package is here, and a line about it."""
    from packaging.requirements import InvalidRequirement, Requirement

    if wanted.endswith(".whl"):
        name, version, *_ = Path(wanted).name.split("-")
        wanted = f"{name}=={version}"
    try:
        requirement = Requirement(wanted)
    except InvalidRequirement:
        return False, f"{wanted!r} is no name of a package, and cannot be checked"
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True, f"here already: {requirement.name} is not for this Python"
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return False, f"{_without_marker(requirement)} is not installed"
    if not requirement.specifier.contains(version, prereleases=True):
        return False, f"{_without_marker(requirement)} is wanted, {version} is installed"
    return True, f"here already: {requirement.name} {version}"


def _without_marker(requirement: object) -> str:
    return re.sub(r"\s*;.*$", "", str(requirement))


def _quoted(wanted: Sequence[str]) -> str:
    return " ".join(f'"{each}"' if re.search(r"[<>;\s]", each) else each for each in wanted)
