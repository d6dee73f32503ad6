"""Each page of the reference is right: its examples run, and it names what there is."""

from __future__ import annotations

import doctest
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from tests.checkout import ROOT

import lakehouse
from lakehouse import testing

PUBLIC = {"lakehouse": lakehouse, "lakehouse.testing": testing}
PAGES = sorted((ROOT / "docs" / "reference").glob("*.md"))
FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^::: (\S+)$", re.MULTILINE)


def examples(page: Path) -> list[str]:
    return FENCE.findall(page.read_text(encoding="utf-8"))


def shown(page: Path) -> list[str]:
    return SHOWN.findall(page.read_text(encoding="utf-8"))


def run(blocks: list[str], names: dict[str, Any], where: str) -> list[str]:
    """Runs blocks one after the other, and returns what a prompt shows otherwise than it says."""
    differences: list[str] = []
    # A table that Spark shows ends in an empty line.
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    runner = doctest.DocTestRunner(verbose=False, optionflags=flags)
    for block in blocks:
        if not block.startswith(">>> "):
            exec(block, names)
            continue
        test = doctest.DocTestParser().get_doctest(block, names, where, where, 0)
        runner.run(test, out=differences.append, clear_globs=False)
        names.update(test.globs)
    return differences


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run_and_show_what_they_say(
    page: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LAKEHOUSE_CONF", "LAKEHOUSE_SPARK__HEAP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(ROOT)
    blocks = examples(page)
    assert blocks, f"{page.name} has no example"
    names: dict[str, Any] = {"__name__": page.stem}
    if any(re.search(r"\bspark\b", block) for block in blocks):
        names["spark"] = request.getfixturevalue("spark")
    differences = run(blocks, names, page.name)
    assert not differences, "".join(differences)


def test_an_example_that_shows_something_else_is_noticed() -> None:
    assert run(["x = 1\n", ">>> x\n2\n"], {}, "a page")
    assert not run(["x = 1\n", ">>> x\n1\n"], {}, "a page")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_shows_exists_and_is_in_an_example(page: Path) -> None:
    code = "\n".join(examples(page))
    for path in shown(page):
        package, _, name = path.rpartition(".")
        assert name in PUBLIC[package].__all__, path
        assert getattr(PUBLIC[package], name) is not None
        assert re.search(rf"\b{name}\b", code), f"{page.name} has no example of {name}"


def test_every_public_name_is_on_one_page() -> None:
    public = [f"{package}.{name}" for package, held in PUBLIC.items() for name in held.__all__]
    assert sorted(path for page in PAGES for path in shown(page)) == sorted(public)


def test_each_argument_of_a_declaration_is_described() -> None:
    described = 0
    for name in lakehouse.__all__:
        value = getattr(lakehouse, name)
        if not inspect.isclass(value) or not value.__module__.startswith("lakehouse."):
            continue
        text = inspect.getdoc(value) or ""
        for argument in inspect.signature(value).parameters:
            assert re.search(rf"^ +{argument}: \S", text, re.MULTILINE), f"{name}.{argument}"
            described += 1
    assert described > 40
