"""Running a job of a deployment: from what the archive holds, and nothing of any checkout."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from lakehouse.base import settings
from lakehouse.base.errors import LakehouseError
from lakehouse.base.pairs import pairs
from lakehouse.bundle.data_folder import DEFAULT_NAME
from lakehouse.bundle.program import Program
from lakehouse.run.job.commands import told
from lakehouse.run.job.options import Options
from lakehouse.run.job.records import Records, RunRecord
from lakehouse.run.job.runs import repair, run_program
from lakehouse.ship.contents import PROGRAM
from lakehouse.terminal.show import say


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
    """Point the settings to this deployment's `conf`, and their relative folders to `home`.

    Returns the folder for the records of runs. What the environment sets already stays.
    """
    home = home.resolve()
    try:
        conf = settings.find_conf(what.root)
    except LakehouseError:  # a bundle without settings of this project's kind
        return Path(data) if data else home / DEFAULT_NAME
    os.environ["LAKEHOUSE_CONF"] = str(conf)
    os.environ.setdefault(settings.HOME, str(home))
    return Path(data) if data else settings.load(what.target, conf=conf).data_folder
