"""The laws that the engine holds; those of a project's tables are `lakehouse.testing.Laws`."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.checkout import ROOT

from lakehouse.testing import Laws
from lakehouse.testing.pages import OF_ONE_ENGINE, STORAGE, attributes

ENGINE = ROOT / "src" / "lakehouse"


def pages() -> list[Path]:
    """The pages of the engine, but for those that only look for names."""
    every = sorted(ENGINE.rglob("*.py"))
    return [page for page in every if not page.is_relative_to(ENGINE / "testing")]


def test_there_is_something_to_hold_the_laws_against() -> None:
    assert len(pages()) > 200


def test_only_the_lake_touches_storage() -> None:
    # What lands is followed there, and queries are started; the lake commits their batches.
    allowed = {
        *(ENGINE / "ingest/files.py", ENGINE / "ingest/kafka.py", ENGINE / "flow/stream.py"),
        ENGINE / "setup/class_recorder.py",  # in a folder of its own, which it takes away
    }
    for page in pages():
        if page.is_relative_to(ENGINE / "lake") or page in allowed:
            continue
        for owner, name, line in attributes(page):
            frame = owner not in ("sys", "log", "file", "stream", "path", "stdout", "self")
            assert not (name in STORAGE - {"write"} and frame), f"{page}:{line}: {owner}.{name}"


def test_only_the_rooms_of_spark_and_of_the_lake_can_tell_engines_apart() -> None:
    """Serverless refuses these, which a green run on this machine does not show."""
    apart = (ENGINE / "spark", ENGINE / "lake", ENGINE / "setup")
    other = [page for page in pages() if not any(page.is_relative_to(each) for each in apart)]
    assert len(other) > 150
    for page in other:
        for owner, name, line in attributes(page):
            where = f"{page}:{line}: {owner}.{name}"
            assert name not in OF_ONE_ENGINE or owner == "linecache", where
            assert owner != "SparkSession" or name != "builder", f"{where} makes a session"


def test_settings_of_a_running_session_are_set_by_the_room_of_spark() -> None:
    """Nothing calls `conf.set` beyond the room of Spark, which knows what each engine allows."""
    calls = [
        page
        for page in pages()
        for node in ast.walk(ast.parse(page.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "set"
        and isinstance(node.func.value, ast.Attribute)
        and node.func.value.attr == "conf"
    ]
    assert {page.relative_to(ENGINE).parts[0] for page in calls} == {"spark"}


def test_settings_hold_no_place_of_databricks_and_bundles_no_amount() -> None:
    conf = [page.read_text() for page in sorted((ROOT / "conf").glob("*.yml"))]
    assert conf
    assert not any("cloud.databricks.com" in text or "azuredatabricks" in text for text in conf)


CLEAN = {
    "bronze/__init__.py": "",
    "bronze/raw.py": """\
from lakehouse import Source, bronze
SOURCE = Source("raw", schema="id STRING")
TABLE = bronze(SOURCE)
""",
    "silver/__init__.py": "",
    "silver/things.py": """\
from lakehouse import Expectation, Merge, Table
from lawful.bronze import raw

def transform(rows):
    return raw.SOURCE.parse(rows).selectExpr("try_cast(id AS BIGINT) AS id", "_record")

TABLE = Table("silver.things", "id BIGINT", (raw.TABLE,), transform,
              (Expectation("a thing has a number", "id IS NOT NULL"),), Merge(("id",)))
""",
}
"""A project that holds every law."""

BROKEN = {
    "an action": ("silver/things.py", 'rows.count()\n    return', "things.*is an action"),
    "a clock": (
        "silver/things.py", "F.now()\n    return", "looks at the clock or at chance"),
    "storage": ("silver/things.py", 'rows.write.save("x")\n    return', "is I/O"),
    "one engine": ("silver/things.py", "rows.cache()\n    return", "every engine"),
}  # fmt: skip
"""What is written for the word `return` of a page, and what is said of it then."""


def project(folder: Path, pages: Mapping[str, str]) -> None:
    """Writes the package `lawful`, its settings and the tests of its laws."""
    package = folder / "src" / "lawful"
    for name, text in {"__init__.py": "", **pages}.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    tests = folder / "tests"
    tests.mkdir()
    (tests / "conftest.py").write_text('pytest_plugins = ["lakehouse.testing.fixtures"]\n')
    (tests / "test_laws.py").write_text(
        'from lakehouse.testing import Laws\n\n\nclass TestLaws(Laws):\n    project = "lawful"\n'
    )
    (tests / "test_things.py").write_text("# things are tested here\n")


def test_a_project_s_laws_are_tests_of_it(pytester: pytest.Pytester) -> None:
    project(pytester.path, CLEAN)
    done = laws_of(pytester)
    done.assert_outcomes(passed=17, skipped=1)  # it has no model


@pytest.mark.parametrize(("page", "code", "told"), BROKEN.values(), ids=BROKEN)
def test_a_law_that_is_broken_is_told(
    pytester: pytest.Pytester, page: str, code: str, told: str
) -> None:
    project(pytester.path, {**CLEAN, page: CLEAN[page].replace("return", code)})
    done = laws_of(pytester, "-k", "pure or engine")
    assert done.ret == 1
    done.stdout.re_match_lines_random([f"E .*{told}"])


def laws_of(pytester: pytest.Pytester, *words: str) -> pytest.RunResult:
    """Runs the tests of the project, but for those that take a session."""
    pytester.makeini("[pytest]\naddopts = --import-mode=importlib\npythonpath = src\n")
    return pytester.runpytest_subprocess("-q", "--deselect", DECLARATIONS, *words)


DECLARATIONS = "tests/test_laws.py::TestLaws::test_its_declarations_have_no_fault"


def test_a_class_that_names_no_project_says_so() -> None:
    with pytest.raises(AssertionError, match="does not say which project"):
        Laws.declared()
