"""What the README and docs show works as it stands there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from tests.checkout import ROOT

import retail.silver
from lakehouse.cli.app import app
from lakehouse.declare.project import Project, load
from lakehouse.flow.check import faults
from lakehouse.flow.refresh import refresh
from lakehouse.lake import Lake

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
BLOCK = re.compile(r"^```(?:console)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:lakehouse|make) [^`]+)`")


@pytest.fixture
def with_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """The shop with the page that the README shows, written where it says."""
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "returns.py").write_text(example, encoding="utf-8")
    monkeypatch.setattr(retail.silver, "__path__", [*retail.silver.__path__, str(tmp_path)])
    load.cache_clear()
    yield load("retail")
    load.cache_clear()


def test_the_table_of_the_readme_holds_returns_and_passes_sales_over(
    with_returns: Project, lake: Lake, landing: Path
) -> None:
    line = {"basket_id": 1, "household_id": 7, "quantity": -1}
    lines = [
        {**line, "product_id": 70},
        {**line, "product_id": 71, "quantity": 2},
        {**line, "product_id": 72, "quantity": "two"},
    ]
    (landing / "baskets").mkdir()
    text = "".join(f"{json.dumps(each)}\n" for each in lines)
    (landing / "baskets" / "baskets-2017-01-02.jsonl").write_text(text)
    tables = [with_returns.table(name) for name in ("bronze.baskets", "silver.returns")]

    refresh(lake, tables)

    assert [tuple(row) for row in lake.read("silver.returns").collect()] == [(1, 70, -1)]
    batches = lake.read("ops.batches").where("table = 'silver.returns'")
    counts = batches.select("landed", "kept", "quarantined", "passed_over").collect()
    assert [tuple(row) for row in counts] == [(3, 1, 1, 1)]
    assert not faults(with_returns, lake.spark, ["silver.returns"])


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command that a text shows, in a block or in a sentence."""
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    lines = [line.removeprefix("$ ") for line in lines]
    for line in (*lines, *INLINE.findall(text)):
        for part in line.split(" | "):
            if re.match(r"(\w+=\S* )*(\S*python -m lakehouse|lakehouse|make) ", part):
                words = shlex.split(part, comments=True)
                start = next(n for n, word in enumerate(words) if word in ("lakehouse", "make"))
                yield words[start:]


def understood(words: list[str]) -> None:
    """Parses the words of a `lakehouse` command; an error says what it does not know."""
    command: Any = typer.main.get_command(app)  # of Typer's own Click
    rest = words[1:]
    while hasattr(command, "get_command") and rest and not rest[0].startswith("-"):
        context = click.Context(command)
        command = command.get_command(context, rest[0])
        assert command, f"there is no command {rest[0]!r}"
        rest = rest[1:]
    _, too_many, _ = command.make_parser(click.Context(command)).parse_args(list(rest))
    assert not too_many or too_many == ["..."], f"{too_many} is too much"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_each_command_that_a_page_shows_is_one(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for words in commands(page.read_text(encoding="utf-8")):
        if words[0] == "lakehouse":
            try:
                understood(words)
            except Exception as error:
                pytest.fail(f"{' '.join(words)}: {error}")
            continue
        targets = [word for word in words[1:] if "=" not in word]
        for target in targets:
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), words


@pytest.mark.parametrize(
    "line", ["lakehouse shwo x", "lakehouse plan --nothing", "lakehouse schema a b c"]
)
def test_a_command_that_is_none_is_noticed(line: str) -> None:
    with pytest.raises(Exception, match=r"no command|No such option|too much"):
        understood(line.split())


def test_commands_are_found_in_blocks_and_in_sentences() -> None:
    text = (
        "`make run A=1` and\n```console\n$ X=1 lakehouse sql - # c\n$ echo | lakehouse plan\n```\n"
    )
    assert list(commands(text)) == [
        ["lakehouse", "sql", "-"],
        ["lakehouse", "plan"],
        ["make", "run", "A=1"],
    ]
    assert sum(len(list(commands(page.read_text()))) for page in PAGES) > 60
