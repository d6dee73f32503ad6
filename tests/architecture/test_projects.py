"""The engine and its tests stand without the projects beside it: neither knows one of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.checkout import PROJECTS, ROOT
from tests.imports import imports

ENGINE, TESTS = ROOT / "src" / "lakehouse", ROOT / "tests"
EXAMPLES = {"orders", "shop"}
"""What the engine's help and its tests call projects of their own."""
LOADERS = {"load", "import_module", "find_spec"}


def mentions(page: Path, projects: Sequence[str]) -> Iterator[str]:
    """The lines of a page that import a project or its tests, or name a folder of it."""
    text = page.read_text(encoding="utf-8")
    names = "|".join(map(re.escape, projects))
    # Also as parts of a path: "bundles" / "orders".
    folder = re.compile(rf"\b(?:bundles|src|tests)\b[/\"', ]+(?:{names})\b")
    for number, line in enumerate(text.splitlines(), 1):
        if projects and folder.search(line):
            yield f"{page}:{number}: {line.strip()}"
    if page.suffix != ".py":
        return
    for module, line in (*imports(page), *loaded(ast.parse(text))):
        first, second, *_ = f"{module}.".split(".")
        if first in projects or (first == "tests" and second in projects):
            yield f"{page}:{line}: imports {module}"


def loaded(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The modules that are imported by a call with their name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func).rpartition(".")[2]
            argument = node.args[0]
            if called in LOADERS and isinstance(argument, ast.Constant):
                yield str(argument.value), node.lineno


def pages() -> list[Path]:
    """The text of the engine, and the tests that are no project's."""
    apart = {TESTS / name for name in PROJECTS}
    found = [
        page
        for folder in (ENGINE, TESTS)
        for page in sorted(folder.rglob("*"))
        if page.suffix in (".py", ".yml", ".toml", ".md", ".txt", ".json")
        and not apart & {page, *page.parents}
    ]
    assert len([page for page in found if page.is_relative_to(ENGINE)]) > 250
    assert len([page for page in found if page.is_relative_to(TESTS)]) > 100
    return found


def test_neither_the_engine_nor_its_tests_know_a_project() -> None:
    names = [name for name in PROJECTS if name not in EXAMPLES]
    assert [line for page in pages() for line in mentions(page, names)] == []


@pytest.mark.parametrize(
    "line",
    [
        "from grocer.silver import sales",
        "import grocer",
        "def late():\n    import grocer.gold",
        "from tests.grocer import conftest",
        'project.load("grocer")',
        'importlib.import_module("grocer.gold")',
        "# see bundles/grocer/databricks.yml",
        'ROOT / "src" / "grocer"',
    ],
)
def test_a_mention_of_a_project_is_seen(tmp_path: Path, line: str) -> None:
    page = tmp_path / "page.py"
    page.write_text(f"{line}\n")
    assert len(list(mentions(page, ["baker", "grocer"]))) == 1
    assert list(mentions(page, ["grocers", "groce"])) == []
    assert list(mentions(page, [])) == []
