"""A wheel asks for what it imports: all that reading its pages takes is required.

`setup.py` says what the engine requires; a project, which stands on the engine, says in a
`pyproject.toml` of its own what else it takes.
"""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from setuptools.config.pyprojecttoml import load_file
from tests.checkout import PROJECTS, ROOT
from tests.imports import imports

PLATFORM = {"pyspark", "py4j"}
"""What Databricks and any cluster bring, and `lakehouse[spark]` elsewhere."""

AIRFLOW = {"run/airflow/operators.py", "run/airflow/remote.py"}
"""Pages that only Airflow's own Python reads."""

TESTING = "testing/"
"""Pages that only pytest reads."""


RUNTIMES = {
    "serverless, environment 4": {
        "python": "3.12.3", "numpy": "2.1.3", "pandas": "2.2.3", "pyarrow": "19.0.1"},
    "serverless, environment 5": {"python": "3.12.3", "pyarrow": "21.0.0"},
    "serverless, environment 6": {"numpy": "2.3.4", "pandas": "2.3.3"},
    "Runtime 17.3": {"python": "3.12.3", "pyarrow": "19.0.1"},
}  # fmt: skip
"""What Databricks has installed, of what the wheel asks for: a range that leaves one of these out
would have it installed over, or refuse it."""


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_wheel_takes_what_a_runtime_has_installed(runtime: str) -> None:
    ranges = {Requirement(each).name: Requirement(each).specifier for each in requirements()}
    there = dict(RUNTIMES[runtime])
    if python := there.pop("python", ""):
        wanted = re.search(r'python_requires="([^"]+)"', (ROOT / "setup.py").read_text())
        assert wanted and SpecifierSet(wanted[1]).contains(python)
    assert there
    for name, version in there.items():
        assert ranges[name].contains(version), f"{name} {version} is not in {ranges[name]}"


def required(package: str) -> set[str]:
    """The distributions that reading a package may take, by their normal names."""
    page = ROOT / "src" / package / "pyproject.toml"
    own = load_file(page)["project"].get("dependencies", []) if page.is_file() else []
    return {normal(Requirement(each).name) for each in (*requirements(), *own)}


def requirements() -> list[str]:
    """What `setup.py` requires without any extra."""
    tree = ast.parse((ROOT / "setup.py").read_text())
    lists = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "install_requires"
    )
    names = [ast.literal_eval(each) for value in lists for each in value.elts]  # type: ignore[attr-defined]
    assert len(names) > 5
    return names


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("package", ["lakehouse", *PROJECTS])
def test_reading_any_page_takes_only_what_is_required(package: str) -> None:
    brought = {normal(name) for name in required(package) | PLATFORM}
    homes = packages_distributions()
    pages = sorted((ROOT / "src" / package).rglob("*.py"))
    assert len(pages) > (200 if package == "lakehouse" else 0)
    for page in pages:
        short = page.relative_to(ROOT / "src" / package).as_posix()
        if short in AIRFLOW or short.startswith(TESTING):
            continue
        for module, line in imports(page, when_read=True):
            name = module.partition(".")[0]
            if name in sys.stdlib_module_names or name in ("lakehouse", package):
                continue
            distributions = {normal(each) for each in homes.get(name, [name])}
            assert distributions & brought, f"{package}/{short}:{line} imports {name}"
