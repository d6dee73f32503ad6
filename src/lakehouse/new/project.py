"""Writing a new project: all of its files, or none."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from lakehouse.base.errors import LakehouseError
from lakehouse.new.naming import check, check_free
from lakehouse.new.plan import Plan
from lakehouse.new.render import project_files
from lakehouse.ship.engine import engine_wheel


@dataclass(frozen=True)
class NewProject:
    """A project that was written: its name, its folder, and its files in that."""

    name: str
    home: Path
    paths: tuple[Path, ...]


def make(name: str, home: Path, plan: Plan | None = None) -> NewProject:
    """Write the project `name` into the folder `home`, which is not there or empty: a repository of
    its own, with the wheel of this engine in it.

    The files are written beside and then moved, so that nothing half-written is left. Raises
    LakehouseError for a name that no package can have, answers that do not fit together, and a
    folder that is not empty.
    """
    check(name)
    check_free(name)
    home = home.resolve()
    _check_empty(home)
    wheel = engine_wheel()
    texts = list(project_files(name, plan or Plan(), wheel.version))
    pins = files("lakehouse.setup").joinpath("constraints.txt").read_text(encoding="utf-8")
    contents = {path: text.encode() for path, text in texts}
    contents |= {Path("wheels") / wheel.file: wheel.content, Path("constraints.txt"): pins.encode()}
    above = next(each for each in home.parents if each.is_dir())
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".new-{name}-", dir=above))
    except OSError as error:
        raise LakehouseError(f"cannot be written: {error.strerror}", str(home)) from None
    try:
        for path, content in contents.items():
            (beside / path).parent.mkdir(parents=True, exist_ok=True)
            (beside / path).write_bytes(content)
        beside.chmod(0o755)  # a folder of its own was for nobody else
        home.parent.mkdir(parents=True, exist_ok=True)
        beside.replace(home)
    except OSError as error:
        raise LakehouseError(f"cannot be written: {error.strerror}", str(home)) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return NewProject(name, home, tuple(sorted(contents)))


def _check_empty(home: Path) -> None:
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise LakehouseError(
            "there is something already, and a project is written into an empty folder",
            str(home),
            "name another folder with --into",
        )
