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
from lakehouse.run.job.commands import run_and_report
from lakehouse.run.job.options import Options
from lakehouse.run.job.records import Records, RunRecord
from lakehouse.run.job.runs import repair, run_program
from lakehouse.ship.contents import PROGRAM
from lakehouse.terminal.messages import say


def main(folder: Path, argv: Sequence[str]) -> int:
    """Run a job of the deployment in `folder`; return the exit code."""
    options = _parser().parse_args(list(argv))
    try:
        program = program_in(folder)
        data = set_environment(program, Path(options.home or Path.cwd()), options.data)
        records = Records(data)
        params = pairs(options.params, "--params")
        only = [name for text in options.only for name in text.split(",") if name]

        def work(how: Options) -> RunRecord:
            if options.repair:
                return repair(program, options.repair, records, how)
            return run_program(program, options.job, records, params, only, how)

        repair_command = options.repair_command
        if not repair_command:
            repair_command = f"python {folder / 'main.py'} {options.job} --repair"
        return run_and_report(
            work,
            records,
            program,
            options.max_parallel,
            options.output,
            options.verbose,
            repair_command,
        )
    except LakehouseError as error:
        if options.verbose:
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
    parser.add_argument("--repair-command", default="", help=argparse.SUPPRESS)
    parser.add_argument("--max-parallel", type=int, default=2)
    parser.add_argument("--output", choices=("table", "csv", "json"), default="table")
    parser.add_argument("--verbose", action="store_true")
    return parser


def program_in(folder: Path) -> Program:
    """Return the jobs of a deployment, as they were resolved when it was made."""
    content = json.loads((folder / PROGRAM).read_text(encoding="utf-8"))
    return Program(content["bundle"], content["target"], folder / content["root"], content["jobs"])


def set_environment(program: Program, home: Path, data: str) -> Path:
    """Point the settings to this deployment's `conf`, and their relative folders to `home`.

    Returns the folder for the records of runs: `data` if it is not empty. What the environment
    sets already stays.
    """
    home = home.resolve()
    try:
        conf = settings.find_conf(program.root)
    except LakehouseError:  # a bundle without settings of this project's kind
        return Path(data) if data else home / DEFAULT_NAME
    os.environ["LAKEHOUSE_CONF"] = str(conf)
    os.environ.setdefault(settings.HOME, str(home))
    return Path(data) if data else settings.load(program.target, conf=conf).data_folder
