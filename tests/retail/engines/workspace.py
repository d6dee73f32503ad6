"""A stand-in for a Databricks workspace: the tasks of a job, called as Databricks calls them.

Each task is a process of its own, in an environment that holds the wheels, what the bundle lists
beside them, and what the runtime brings; nothing else of this checkout. A catalog is Spark's own
`spark_catalog`, a volume is a folder, MLflow is a SQLite file, and landed files are read by Spark
instead of `cloudFiles`: settings say so, and nothing else differs.
"""

from __future__ import annotations

import os
import subprocess
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distribution
from pathlib import Path

from mlflow import MlflowClient
from packaging.requirements import Requirement
from tests.checkout import ROOT

from lakehouse.run.job.options import Options
from lakehouse.run.job.records import RunRecord
from lakehouse.run.job.runs import load_usable, run
from lakehouse.run.task.call import Call
from lakehouse.ship.wheel import build

BUNDLE = ROOT / "bundles" / "retail"
CATALOG = "spark_catalog"
RUNTIME = ("pyspark", "delta-spark", "grpcio", "grpcio-status", "googleapis-common-protos",
           "zstandard", "pip", "setuptools")  # fmt: skip
"""What every runtime of Databricks brings, which the wheels do not ask for."""


def listed(target: str) -> list[str]:
    """What the bundle lists beside the wheels for the compute of a target."""
    job = load_usable(BUNDLE, target, {"catalog": CATALOG}).jobs["nightly"]
    if environments := job.get("environments"):
        return [each for each in environments[0]["spec"]["dependencies"] if ".whl" not in each]
    libraries = job["tasks"][0]["libraries"]
    return [each["pypi"]["package"] for each in libraries if "pypi" in each]


def environment(folder: Path, wheels: Sequence[Path], requirements: Sequence[str]) -> Path:
    """Makes a virtual environment with wheels and what is required; gives its Python.

    Distributions are linked from this checkout's environment, which has them at the versions of
    constraints.txt, so that it takes seconds and no network; the wheels are installed.
    """
    venv.create(folder, symlinks=True)
    site = next((folder / "lib").glob("python*")) / "site-packages"
    asked = [each for wheel in wheels for each in _asked_by(wheel)]
    for each in _closure([*requirements, *RUNTIME, *asked]):
        _link(each, site)
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([folder / "bin/python", *install, *wheels], check=True)
    return folder / "bin/python"


def built_wheels(folder: Path) -> list[Path]:
    """Builds the wheels that the bundle deploys; other tests read this checkout meanwhile."""
    paths = []
    for artifact in load_usable(BUNDLE, "prod").data["artifacts"].values():
        built = build((BUNDLE / artifact["path"]).resolve())
        paths.append(folder / built.file)
        paths[-1].write_bytes(built.content)
    return paths


def _asked_by(wheel: Path) -> list[str]:
    """What a wheel requires without any extra."""
    from email.parser import Parser
    from zipfile import ZipFile

    with ZipFile(wheel) as packed:
        page = next(name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))
        facts = Parser().parsestr(packed.read(page).decode())
    return list(facts.get_all("Requires-Dist") or ())


def _closure(requirements: Sequence[str]) -> list[Distribution]:
    """The distributions that satisfy requirements, and what those require in turn."""
    todo, found = [(Requirement(each), frozenset[str]()) for each in requirements], {}
    while todo:
        wanted, extras = todo.pop()
        if wanted.marker and not any(wanted.marker.evaluate({"extra": e}) for e in extras or {""}):
            continue
        key = (wanted.name.lower(), frozenset(wanted.extras))
        if key in found:
            continue
        there = distribution(wanted.name)
        assert wanted.specifier.contains(there.version, prereleases=True), (
            f"{wanted} asked for, {there.version} is here"
        )
        found[key] = there
        todo += [(Requirement(each), key[1]) for each in there.requires or ()]
    return list(found.values())


def _link(each: Distribution, site: Path) -> None:
    """Links the files of a distribution: whole folders, and one by one where several share one."""
    for file in each.files or ():
        source, place = Path(str(each.locate_file(file))), site / file
        if ".." in file.parts or place.exists() or not source.exists():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(source)


@dataclass(frozen=True)
class Workspace:
    """One workspace with one target of the bundle deployed to it.

    `python` is that of the environment, `command` what comes before the task's own page,
    `variables` are the runtime's; at most `at_once` tasks run at the same time.
    """

    home: Path
    target: str
    python: Path
    command: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    at_once: int = 2

    @property
    def landing(self) -> Path:
        """The folder of the volume where files arrive."""
        return self.home / "Volumes" / CATALOG / "ops" / "landing"

    def run(self, job: str, only: Sequence[str] = ()) -> RunRecord:
        """Runs a job of the target, task by task."""
        # A workspace has its store before the first task; two tasks at once would both make it.
        MlflowClient(f"sqlite:///{self.home}/mlflow.db").search_experiments()
        return run(
            BUNDLE,
            job,
            self.target,
            {"conf": str(ROOT / "conf")},
            only,
            self._call,
            data=self.home / "runs",
            options=Options(max_parallel=self.at_once),
            variables={"catalog": CATALOG},
        )

    @property
    def logs(self) -> str:
        """The ends of the logs of all tasks."""
        pages = sorted((self.home / "runs").rglob("*.log"))
        return "\n".join(f"{page.name}: {page.read_text()[-2000:]}" for page in pages)

    def tables(self) -> Path:
        """The catalog's tables as the folders of a lake."""
        place = self.home / "tables"
        place.mkdir(exist_ok=True)
        for schema in (self.home / "warehouse").glob("*.db"):
            if not (link := place / schema.stem).exists():
                link.symlink_to(schema)
        return place

    def _call(self, call: Call) -> None:
        words = [each.replace("=/Volumes/", f"={self.home}/Volumes/") for each in call.argv]
        page = self.home / "call.py"
        page.write_text(CALL)
        done = subprocess.run(
            [*self.command, str(page), call.spec["package_name"], call.spec["entry_point"], *words],
            cwd=self.home,
            env={**self._environment(), **self.variables},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        print(done.stdout, done.stderr)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1])

    def _environment(self) -> dict[str, str]:
        """What a task finds in its environment: the runtime's variables, none of ours."""
        ours = ("LAKEHOUSE_", "PYTHON", "SPARK", "PYSPARK", "VIRTUAL_ENV", "TEST_SPARK")
        rest = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        mlflow = {
            "TRACKING_URI": f"sqlite:///{self.home}/mlflow.db",
            "REGISTRY_URI": "",
            "ARTIFACTS": str(self.home / "artifacts"),
        }
        return {
            **rest,
            "PATH": f"{self.python.parent}:{os.environ['PATH']}",
            "PYSPARK_PYTHON": str(self.python),
            "SPARK_LOCAL_IP": "127.0.0.1",
            # What only a real workspace has, by the settings that name it.
            "LAKEHOUSE_STREAM__READER": "files",
            "LAKEHOUSE_DATA": str(self.home / "driver"),
            **{f"LAKEHOUSE_MLFLOW__{name}": value for name, value in mlflow.items()},
        }


CALL = '''
"""Calls the entry point of a wheel as a python_wheel_task does."""
import sys
from importlib.metadata import distribution

from pyspark.sql import SparkSession

SparkSession.builder.getOrCreate()  # the runtime's own session is there before the task
package, name, *arguments = sys.argv[1:]
[point] = [each for each in distribution(package).entry_points if each.name == name]
sys.argv = [name, *arguments]
point.load()()
'''
