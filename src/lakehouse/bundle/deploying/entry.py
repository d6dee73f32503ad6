"""Running a job of a deployment: from what the archive holds, and nothing of any checkout."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lakehouse import settings
from lakehouse.bundle.cli import pairs
from lakehouse.bundle.commands import told
from lakehouse.bundle.deploying.contents import PROGRAM
from lakehouse.bundle.places import OWN
from lakehouse.bundle.running.options import Options, Program
from lakehouse.bundle.running.records import Records, RunRecord
from lakehouse.bundle.running.runs import repair, run_program
from lakehouse.bundle.show import say
from lakehouse.errors import LakehouseError

# The settings that are folders, by the environment variable that sets each.
_FOLDERS = {
    "LAKEHOUSE_DATA": ("data",),
    "LAKEHOUSE_LANDING": ("landing",),
    "LAKEHOUSE_LAKE__ROOT": ("lake", "root"),
    "LAKEHOUSE_MLFLOW__ARTIFACTS": ("mlflow", "artifacts"),
    "LAKEHOUSE_MLFLOW__TRACKING_URI": ("mlflow", "tracking_uri"),
}


def main(folder: Path, argv: Sequence[str]) -> int:
    """Run a job of the deployment in `folder`; return the exit code."""
    given = _parser().parse_args(list(argv))
    try:
        what = program(folder)
        data = placed(what, Path(given.home or Path.cwd()), given.data)
        records = Records(data)
        params = pairs(given.params, "--params")
        only = [each for one in given.only for each in one.split(",") if each]

        def work(options: Options) -> RunRecord:
            if given.repair:
                return repair(what, given.repair, records, options)
            return run_program(what, given.job, records, params, only, options)

        mend = given.mend or f"python {folder / 'main.py'} {given.job} --repair"
        return told(work, records, what, given.max_parallel, given.output, given.verbose, mend)
    except LakehouseError as error:
        if given.verbose:
            raise
        say(f"error: {error}")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py",
        description="Run a job of this deployment.",
        epilog="Example: spark-submit --py-files py-files/lakehouse.zip main.py nightly",
    )
    parser.add_argument("job", help="the job to run")
    parser.add_argument("--params", "-p", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--only", action="append", default=[], metavar="TASK")
    parser.add_argument("--home", default="", help="what relative folders of the settings are in")
    parser.add_argument("--data", default="", help="where runs are kept")
    parser.add_argument("--repair", default="", metavar="RUN", help="repair this run instead")
    parser.add_argument("--mend", default="", help=argparse.SUPPRESS)
    parser.add_argument("--max-parallel", type=int, default=2)
    parser.add_argument("--output", choices=("table", "json"), default="table")
    parser.add_argument("--verbose", action="store_true")
    return parser


def program(folder: Path) -> Program:
    """Return the jobs of a deployment, as they were resolved when it was made."""
    found = json.loads((folder / PROGRAM).read_text(encoding="utf-8"))
    return Program(found["bundle"], found["target"], folder / found["root"], found["jobs"])


def placed(what: Program, home: Path, data: str) -> Path:
    """Point the settings to this deployment's `conf`, and their folders below `home`.

    Returns the folder for the records of runs. What the environment sets already stays.
    """
    home = home.resolve()
    try:
        conf = settings.find_conf(what.root)
    except LakehouseError:  # a bundle without settings of this project's kind
        return Path(data) if data else home / OWN
    os.environ["LAKEHOUSE_CONF"] = str(conf)
    raw = _raw(conf, what.target)
    for name, path in _FOLDERS.items():
        value: Any = raw
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, str) and value and name not in os.environ:
            os.environ[name] = _below(home, value)
    return Path(data) if data else settings.load(what.target, conf=conf).data_folder


def _raw(conf: Path, target: str) -> dict[str, Any]:
    import yaml

    merged: dict[str, Any] = {}
    for name in ("base", target):
        path = conf / f"{name}.yml"
        page = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
        for key, value in (page or {}).items():
            under = merged.get(key)
            both = isinstance(under, dict) and isinstance(value, dict)
            merged[key] = {**under, **value} if both and isinstance(under, dict) else value
    return merged


def _below(home: Path, value: str) -> str:
    """Return a folder of the settings, or a SQLite address, with what is relative below `home`."""
    if value.startswith("sqlite:///"):
        path = value.removeprefix("sqlite:///")
        return value if path.startswith("/") else f"sqlite:///{home / path}"
    return value if "://" in value or value == "databricks" else str(home / value)
